import { defineConfig } from 'vitest/config';

/**
 * unit: pure code and loopback, no privileges. netns: the real kernel in private network namespaces, root needed.
 * interop: the real keepalived as the peer; differential: the same lives in both, for itself. package: the Debian package. lab: a kernel with IPVS, run by scripts/test.mjs where there is one.
 */
export default defineConfig({
  test: {
    // the tests against kernels and peers mostly wait
    maxWorkers: 3,
    // those that are made to run beside each other within a file wait even more
    maxConcurrency: 9,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{base,wire,config,vrrp,ipvs,checks,io,daemon,cli,sim,status,rfc}/**/*.test.ts'],
          pool: 'threads',
          // the longest take a second, and ten on a machine that is busy with other things
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'netns',
          include: ['test/netns/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          exclude: ['test/interop/differential.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      // hundreds of virtual routers at real-time priority: beside them nothing else would be in time
      {
        test: {
          name: 'differential',
          include: ['test/interop/differential.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          pool: 'forks',
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
