// What has to agree before a release: its tag, the versions of all packages, a section of CHANGELOG.md, and who
// publishes it. Run in the root: `node scripts/release.mjs v1.2.3`. With --dry-run, placeholders are named and pass.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** What does not agree, in sentences. */
function* faultsOf(tag) {
	const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1];
	if (version === undefined) {
		yield `The tag "${tag}" is no version: it is v and three numbers, such as v1.2.3.`;
		return;
	}
	const folders = existsSync('packages') ? readdirSync('packages').map((name) => join('packages', name)) : [];
	for (const folder of ['.', 'node-red', ...folders.sort()]) {
		const { name, version: other } = read(join(folder, 'package.json'));
		if (other !== version) yield `${name} has version ${other}, the tag says ${version}.`;
	}
	const titles = readFileSync('CHANGELOG.md', 'utf8')
		.split('\n')
		.filter((line) => line.startsWith('## '));
	if (!titles.some((title) => title.split(/[\s[\]]+/).includes(version))) {
		yield `CHANGELOG.md has no section "## ${version}".`;
	}
}

/** Names that nobody can have (RFC 2606). */
const RESERVED = /(^|[.@/])(example\.(com|net|org)|[\w-]+\.(example|test|invalid|localhost)|localhost)$/;

/** What a maintainer has not filled in yet: the root's package.json says it for all packages. */
function* placeholdersOf(published) {
	const { author = {}, repository = {}, bugs = {} } = read('package.json');
	const email = String(author.email ?? '');
	if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email) || RESERVED.test(email))
		yield `The author's address "${email}" is a placeholder: set "author" in package.json.`;
	const own = /^git\+https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\.git$/.exec(repository.url ?? '')?.[1];
	if (own === undefined)
		yield `"${repository.url ?? ''}" is no repository on GitHub: set "repository" in package.json.`;
	// Provenance names the repository that publishes, and npm refuses a package that names another.
	else if (published !== undefined && own.toLowerCase() !== published.toLowerCase())
		yield `package.json names the repository ${own}, and this is ${published}: set "repository" in package.json.`;
	let host = '';
	try {
		host = new URL(bugs.url).hostname;
	} catch {
		// Reported like a placeholder.
	}
	if (host === '' || RESERVED.test(host))
		yield `The address for help "${bugs.url ?? ''}" is a placeholder: set "bugs" in package.json.`;
}

const [tag = '', ...flags] = process.argv.slice(2);
const faults = [...faultsOf(tag)];
const placeholders = [...placeholdersOf(process.env.GITHUB_REPOSITORY)];
for (const fault of [...faults, ...placeholders]) console.error(fault);
process.exitCode = faults.length === 0 && (placeholders.length === 0 || flags.includes('--dry-run')) ? 0 : 1;
