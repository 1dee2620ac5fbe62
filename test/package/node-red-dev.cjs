// Runs node-red-dev's checks of a package and its nodes offline:
// `node node-red-dev.cjs <its src folder> <package folder>`.
// It asks the Flow Library's catalogue for other packages' names, and the npm registry for Node-RED's current versions.
'use strict';
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [source, folder, nodeRed] = process.argv.slice(2);
const load = createRequire(join(source, 'index.js'));
const versions = JSON.parse(nodeRed);
load('axios').get = async (url) => {
	if (url.endsWith('/catalogue.json')) return { data: { modules: [] } };
	if (url.endsWith('/node-red')) return { data: versions };
	throw new Error(`node-red-dev asks for ${url}`);
};
const warnings = [];
const cli = {
	log: () => undefined,
	warn: (text) => warnings.push(String(text)),
	error: (error) => warnings.push(String(error)),
};
const check = (name, scorecard) => load(`./libs/${name}`)(folder, cli, scorecard, false);

check('checkpackage', {})
	.then((scorecard) => check('checknodes', scorecard))
	// Its last check does not wait for itself.
	.then((scorecard) => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(scorecard)))))
	.then((scorecard) => {
		process.stdout.write(JSON.stringify({ scorecard, warnings }), () => process.exit(0));
	});
