/**
 * Makes a checkout ready to run, on a machine that has Node 20 and npm only: installs what the lock
 * file names, once, and again whenever the lock file changes. Runs before `demo`, `start` and `test`.
 */
'use strict'
const { spawnSync } = require('node:child_process')
const { existsSync, statSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log('Installing what package-lock.json names ...')
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) {
    console.error('Cannot set up: npm ci failed, see its message above')
    process.exit(npm.status ?? 1)
  }
}
