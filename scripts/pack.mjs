// Packs what `npm run build` made into artifacts/: one tarball for each host.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const artifacts = join(root, 'artifacts');
rmSync(artifacts, { recursive: true, force: true });
mkdirSync(artifacts);
for (const folder of [root, join(root, 'node-red')]) {
	const { status } = spawnSync('npm', ['pack', '--pack-destination', artifacts, '--loglevel=error'], {
		cwd: folder,
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	if (status !== 0) process.exit(status ?? 1);
}
for (const name of readdirSync(artifacts).sort()) console.log(join('artifacts', name));
