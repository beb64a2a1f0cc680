#include "outbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "error.h"

namespace holdfast {

namespace {

struct Scheduling {
  int policy = SCHED_OTHER;
  int priority = 0;

  bool operator!=(const Scheduling& other) const { return policy != other.policy || priority != other.priority; }
};

struct Job {
  Job(Napi::Env env, const uint8_t* data, size_t length)
      : deferred(Napi::Promise::Deferred::New(env)), bytes(data, data + length) {}

  Napi::Promise::Deferred deferred;
  std::vector<uint8_t> bytes;
  Scheduling scheduling;
  int error = 0;
};

Scheduling OwnScheduling() {
  sched_param parameters{};
  sched_getparam(0, &parameters);
  return {sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, parameters.sched_priority};
}

// What is refused goes on as before.
void UseScheduling(const Scheduling& scheduling) {
  sched_param parameters{};
  parameters.sched_priority = scheduling.priority;
  pthread_setschedparam(pthread_self(), scheduling.policy, &parameters);
}

// In the event loop.
void Settle(Napi::Env env, Napi::Function, Job* job) {
  if (static_cast<napi_env>(env) != nullptr) {
    const Napi::HandleScope scope(env);
    if (job->error == 0) {
      job->deferred.Resolve(env.Undefined());
    } else {
      job->deferred.Reject(SystemError(env, job->error, "send").Value());
    }
  }
  delete job;
}

}  // namespace

struct Outbox::Shared {
  int fd = -1;
  Napi::ThreadSafeFunction settled;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job*> jobs;
  bool closed = false;
  std::optional<pthread_t> thread;  // used in the event loop only

  ~Shared() { close(fd); }

  void Close() {
    const std::lock_guard<std::mutex> lock(mutex);
    closed = true;
    changed.notify_one();
  }

  // What is queued is sent first.
  void Join() {
    Close();
    if (thread) pthread_join(*thread, nullptr);
    thread.reset();
  }

  // The next job; nullptr when there will be none.
  Job* Next() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [this] { return closed || !jobs.empty(); });
    if (jobs.empty()) return nullptr;
    Job* job = jobs.front();
    jobs.pop_front();
    return job;
  }

  void Run() {
    // it waits in the class of what it sent last, so that it is woken as whoever asks would be
    Scheduling scheduling;
    while (Job* job = Next()) {
      if (job->scheduling != scheduling) {
        scheduling = job->scheduling;
        UseScheduling(scheduling);
      }
      if (send(fd, job->bytes.data(), job->bytes.size(), MSG_NOSIGNAL) < 0) job->error = errno;
      // refused when the environment ends: nobody waits any more
      if (settled.BlockingCall(job, Settle) != napi_ok) delete job;
    }
    settled.Release();
  }

  // The environment ends, and frees `settled` after this without asking whether a thread still uses it.
  static void OnTeardown(void* shared) { static_cast<Shared*>(shared)->Join(); }

  // In the event loop: the thread has said that it is done, or the environment ends.
  static void Finish(Napi::Env env, std::shared_ptr<Shared>* shared) {
    (*shared)->Join();
    napi_remove_env_cleanup_hook(env, OnTeardown, shared->get());
    delete shared;
  }

  static void* Main(void* argument) {
    const std::unique_ptr<std::shared_ptr<Shared>> shared(static_cast<std::shared_ptr<Shared>*>(argument));
    (*shared)->Run();
    return nullptr;
  }
};

std::unique_ptr<Outbox> Outbox::Open(Napi::Env env, int fd) {
  auto shared = std::make_shared<Shared>();
  shared->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (shared->fd < 0) {
    ThrowSystemError(env, errno, "fcntl");
    return nullptr;
  }
  const Napi::Function nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  const auto finish = [](Napi::Env env, std::shared_ptr<Shared>* shared) { Shared::Finish(env, shared); };
  auto* kept = new std::shared_ptr<Shared>(shared);
  shared->settled = Napi::ThreadSafeFunction::New(env, nothing, "Outbox", 0, 1, finish, kept);
  if (static_cast<napi_threadsafe_function>(shared->settled) == nullptr) {
    delete kept;
    return nullptr;
  }
  shared->settled.Unref(env);
  // after `settled` has its own: hooks run last in, first out
  napi_add_env_cleanup_hook(env, Shared::OnTeardown, shared.get());

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_t thread;
  auto* argument = new std::shared_ptr<Shared>(shared);
  const int error = pthread_create(&thread, &attributes, Shared::Main, argument);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    delete argument;
    shared->settled.Release();
    ThrowSystemError(env, error, "pthread_create");
    return nullptr;
  }
  shared->thread = thread;
  return std::unique_ptr<Outbox>(new Outbox(std::move(shared)));
}

Outbox::~Outbox() { shared_->Close(); }

Napi::Promise Outbox::Send(Napi::Env env, const uint8_t* bytes, size_t length) {
  Job* job = new Job(env, bytes, length);
  job->scheduling = OwnScheduling();
  const Napi::Promise promise = job->deferred.Promise();
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->jobs.push_back(job);
  shared_->changed.notify_one();
  return promise;
}

}  // namespace holdfast
