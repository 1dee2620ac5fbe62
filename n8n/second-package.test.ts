import { createRequire } from 'node:module';
import type { WorkflowExecuteMode } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../simulators/protrack';
import { executeContext, StoredCredential } from '../test/support/n8n-context';

// The classes that n8n-core uses, as in a running n8n.
vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

let simulator: ProtrackSimulator;
let stored: StoredCredential;
beforeEach(async () => {
	simulator = await startProtrack({ brand: 'trackceo' });
	stored = new StoredCredential(new TrackCeoApi(), {
		baseUrl: simulator.url,
		account: 'demo',
		secretType: 'password',
		secret: PASSWORD,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
	});
});
afterEach(async () => {
	await simulator.close();
});

async function hintsOf(
	type: string,
	knownTypes: readonly string[],
	mode: WorkflowExecuteMode = 'manual',
): Promise<string[]> {
	const node = new TrackCeo();
	const { context, hints } = executeContext(node, stored, {
		parameters: { resource: 'device', operation: 'getMany', returnAll: true },
		settings: { type },
		knownTypes,
		mode,
	});
	await node.execute.call(context);
	return hints().map(({ message }) => message);
}

const BOTH = ['n8n-nodes-fleetwire.trackCeo', 'n8n-nodes-trackceo.trackCeo'] as const;

describe('a vendor whose nodes two packages bring', () => {
	test.each([
		['n8n-nodes-fleetwire.trackCeo', 'in n8n-nodes-fleetwire and in n8n-nodes-trackceo'],
		['n8n-nodes-trackceo.trackCeo', 'in n8n-nodes-trackceo and in n8n-nodes-fleetwire'],
		['n8n-nodes-trackceo.trackCeoTool', 'in n8n-nodes-trackceo and in n8n-nodes-fleetwire'],
	])('is named by %s at each run by hand', async (type, words) => {
		for (let run = 0; run < 2; run++)
			expect(await hintsOf(type, BOTH)).toEqual([
				`This n8n has the TrackCEO nodes twice: ${words}. Each package logs in and counts requests by itself, so they can end each other's sessions. Use one of them, and uninstall the other.`,
			]);
	});

	test('is named once by what runs by itself, however often', async () => {
		const [first, ...others] = [
			await hintsOf(BOTH[0], BOTH, 'trigger'),
			await hintsOf(BOTH[0], BOTH, 'trigger'),
			await hintsOf(BOTH[0], BOTH, 'webhook'),
		];
		expect(first).toHaveLength(1);
		expect(others).toEqual([[], []]);
	});
});

test.each([
	['one package alone', ['n8n-nodes-trackceo.trackCeo']],
	['packages of other vendors', ['n8n-nodes-trackceo.trackCeo', 'n8n-nodes-etrack.eTrack']],
	['a package of somebody else', ['n8n-nodes-trackceo.trackCeo', 'n8n-nodes-trackceo-other.trackCeo']],
])('nothing is said of %s', async (_, known) => {
	expect(await hintsOf('n8n-nodes-trackceo.trackCeo', known)).toEqual([]);
});
