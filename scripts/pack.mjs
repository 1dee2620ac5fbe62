// Packs what `npm run build` made into artifacts/: a tarball for each package.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const artifacts = join(root, 'artifacts');
rmSync(artifacts, { recursive: true, force: true });
mkdirSync(artifacts);

const packed = (folder) =>
	new Promise((resolve) =>
		spawn('npm', ['pack', '--pack-destination', artifacts, '--loglevel=error'], {
			cwd: folder,
			stdio: ['ignore', 'ignore', 'inherit'],
		}).once('exit', resolve),
	);

const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
const statuses = await Promise.all([...packages, join(root, 'node-red')].map(packed));
if (statuses.some((status) => status !== 0)) process.exit(1);
for (const name of readdirSync(artifacts).sort())
	console.log(`${join('artifacts', name)}  ${(statSync(join(artifacts, name)).size / 1024).toFixed(0)} KB`);
