// Builds the Node-RED package into dist/ and resources/: the compiler first, then what is derived from the catalog.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const dist = join(here, 'dist');
const compiled = join(dist, 'node-red', 'src');
const nodes = join(dist, 'nodes');
const resources = join(here, 'resources');

for (const folder of [dist, resources]) rmSync(folder, { recursive: true, force: true });
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.json')], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

// Without blanks: Node-RED users download it, and the source is in the repository.
const { transformSync } = createRequire(join(here, '..', 'package.json'))('esbuild');
const short = (text, loader = 'js') => transformSync(text, { loader, minifyWhitespace: true, minifySyntax: true }).code;
for (const entry of readdirSync(dist, { recursive: true })) {
	if (!entry.endsWith('.js')) continue;
	const file = join(dist, entry);
	writeFileSync(file, short(readFileSync(file, 'utf8')));
}

const write = (path, text) => {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
};

const { pageOf } = require(join(compiled, 'editor', 'page.js'));
const { helpOf } = require(join(compiled, 'editor', 'help.js'));
const { wordsOf } = require(join(compiled, 'editor', 'words.js'));
const { catalogOf } = require(join(compiled, 'editor', 'catalog.js'));
const { scriptOf } = require(join(compiled, 'editor', 'script.js'));
const { appearanceOf } = require(join(compiled, 'editor', 'appearance.js'));
const { vendors } = require(join(dist, 'providers', 'index.js'));

for (const { provider, module } of vendors) {
	const { name } = provider;
	const secrets = Object.keys(provider.connection).filter((field) => provider.connection[field].secret);
	// Node-RED looks for html, icons and locales beside the file that it loads.
	write(
		join(nodes, `${name}.js`),
		`'use strict';
const { register } = require('../node-red/src/register.js');

module.exports = (RED) => register(RED, { name: '${name}', secrets: ${JSON.stringify(secrets)}, load: () => require('../providers/${module}').${name} });
`,
	);
	write(join(nodes, `${name}.html`), pageOf(provider, appearanceOf(provider)));
	write(join(nodes, 'locales', 'en-US', `${name}.json`), `${JSON.stringify(wordsOf(provider), null, '\t')}\n`);
	write(join(nodes, 'locales', 'en-US', `${name}.html`), helpOf(provider));
	write(
		join(resources, `${name}.js`),
		`(window.fleetwire = window.fleetwire || {})[${JSON.stringify(name)}] = ${JSON.stringify(catalogOf(provider))};\n`,
	);
}
const browser = join(here, 'src', 'editor', 'browser');
const read = (name) => readFileSync(join(browser, name), 'utf8');
write(
	join(resources, 'editor.js'),
	short(
		scriptOf(
			readdirSync(browser)
				.filter((name) => name.endsWith('.js'))
				.sort()
				.map(read),
			short(read('style.css'), 'css'),
		),
	),
);
cpSync(join(here, 'icons'), join(nodes, 'icons'), { recursive: true });
// Only this script needs them.
rmSync(join(compiled, 'editor'), { recursive: true });
