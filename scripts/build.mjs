// Builds all packages: those for n8n in packages/, from what is compiled into dist/, and node-red/dist/ for Node-RED.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (command, args) => {
	const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
	if (status !== 0) process.exit(status ?? 1);
};

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json']);
cpSync(join(root, 'icons'), join(root, 'dist', 'icons'), { recursive: true });
run('node', ['--import', 'tsx', 'scripts/assemble.ts']);
run('node', ['node-red/build.mjs']);
