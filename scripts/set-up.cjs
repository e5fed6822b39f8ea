/**
 * Makes a checkout ready to run, on a machine that has Node 20 and npm only: installs what the lock
 * file names and builds the UI, each once, and again whenever what it is made from changes. Runs before
 * `demo`, `start` and `test`.
 */
'use strict'
const { spawnSync } = require('node:child_process')
const { existsSync, readdirSync, statSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')
const sources = join(root, 'web')
const built = join(root, 'dist', 'web', 'index.html')

if (madeAt(installed) < madeAt(lock)) {
  console.log('Installing what package-lock.json names ...')
  const arguments_ = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const shell = process.platform === 'win32'
  check('npm ci', spawnSync('npm', arguments_, { cwd: root, stdio: 'inherit', shell }))
}

// A published package has the built UI and not its sources.
if (existsSync(sources) && madeAt(built) < Math.max(newestIn(sources), madeAt(installed))) {
  console.log('Building the UI ...')
  const { pinnedNode } = require('./pinned-node.cjs')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const arguments_ = [vite, 'build', 'web', '--logLevel', 'warn']
  check('vite build', spawnSync(pinnedNode(), arguments_, { cwd: root, stdio: 'inherit' }))
}

/** When a file was written last; 0 if it is not there. */
function madeAt(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

/** Folders count too: a file that was removed changes the folder it was in. */
function newestIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((newest, entry) => {
    const path = join(folder, entry.name)
    return Math.max(newest, entry.isDirectory() ? newestIn(path) : madeAt(path))
  }, madeAt(folder))
}

function check(what, { status }) {
  if (status === 0) return
  console.error(`Cannot set up: ${what} failed, see its message above`)
  process.exit(status ?? 1)
}
