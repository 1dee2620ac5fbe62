// What has to agree before a release: its tag, the packages' versions, and a section of CHANGELOG.md.
// Run in the root: `node scripts/release.mjs v1.2.3`
import { readFileSync } from 'node:fs';

/** What does not agree, in sentences. */
function* faultsOf(tag) {
	const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1];
	if (version === undefined) {
		yield `The tag "${tag}" is no version: it is v and three numbers, such as v1.2.3.`;
		return;
	}
	for (const path of ['package.json', 'node-red/package.json']) {
		const { name, version: other } = JSON.parse(readFileSync(path, 'utf8'));
		if (other !== version) yield `${name} has version ${other}, the tag says ${version}.`;
	}
	const titles = readFileSync('CHANGELOG.md', 'utf8')
		.split('\n')
		.filter((line) => line.startsWith('## '));
	if (!titles.some((title) => title.split(/[\s[\]]+/).includes(version))) {
		yield `CHANGELOG.md has no section "## ${version}".`;
	}
}

const faults = [...faultsOf(process.argv[2] ?? '')];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
