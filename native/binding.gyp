{
  'targets': [
    {
      'target_name': 'holdfast',
      'sources': [
        'addon.cc',
        'address.cc',
        'arguments.cc',
        'clock.cc',
        'connector.cc',
        'error.cc',
        'inotify.cc',
        'outbox.cc',
        'poll.cc',
        'process.cc',
        'signal.cc',
        'socket.cc',
        'timer.cc',
      ],
      'defines': [
        'NAPI_VERSION=8',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # a worker that is being terminated refuses every exception; the default answer to that is to abort
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      'cflags': [
        '-Wall',
        '-Wextra',
        '-Werror',
        '-fno-exceptions',
        '-fvisibility=hidden',
        '-fstack-protector-strong',
        '-fstack-clash-protection',
        '-ffunction-sections',
        '-fdata-sections',
      ],
      'cflags_cc!': ['-std=gnu++20', '-std=gnu++17'],
      'cflags_cc': ['-std=c++17', '-Wnon-virtual-dtor'],
      'ldflags': [
        # the event loop of a worker may call a close callback after the last user of this file is gone
        '-Wl,-z,nodelete',
        '-Wl,-z,relro',
        '-Wl,-z,now',
        '-Wl,-z,noexecstack',
        '-Wl,--gc-sections',
      ],
      'configurations': {
        'Release': {
          'defines': ['_FORTIFY_SOURCE=2', 'NDEBUG'],
          'cflags': ['-O2'],
          'cflags!': ['-O3'],
          'ldflags': ['-s'],
        },
      },
      'conditions': [
        ['target_arch=="x64"', {'cflags': ['-fcf-protection=full']}],
        ['target_arch=="arm64"', {'cflags': ['-mbranch-protection=standard']}],
      ],
    },
    {
      # a program of its own, with nothing but the kernel below it
      'target_name': 'holdfast-guard',
      'type': 'executable',
      'sources': ['guard/guard.c'],
      'include_dirs!': ['<(node_root_dir)/include/node'],
      'cflags!': ['-fPIC', '-O3', '-pthread'],
      'cflags': ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-fstack-protector-strong'],
      'ldflags!': ['-rdynamic', '-pthread'],
      'ldflags': ['-static', '-s', '-Wl,-z,relro', '-Wl,-z,now', '-Wl,-z,noexecstack'],
    },
  ],
}
