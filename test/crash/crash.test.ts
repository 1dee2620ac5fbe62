/** Real hosts that are killed, each some times; `npm run test:crash` does it many times. */
import { afterAll, describe, expect, test } from 'vitest';
import { NODE_RED_VERSIONS } from '../hosts/install';
import { hosts, onVendor, packed } from './hosts';
import { AT_ONCE, N8nTarget } from './n8n';
import { NodeRedTarget } from './node-red';
import { crash, type RoundsOptions } from './rounds';
import { startAlarms } from './subjects';
import type { Delivery } from './tally';
import type { Target } from './target';

const livesOf = (deliveries: readonly Delivery[]) =>
	deliveries
		.map(({ life, names }) => `life ${life}: ${names.length}, ${names.slice(0, 3).join(', ')} ...`)
		.join('\n');

const running = new Set<Target>();
afterAll(async () => await Promise.all([...running].map((target) => target.stop())));

async function keepsItsPromise(starting: Promise<Target>, options: RoundsOptions): Promise<void> {
	const target = await starting;
	running.add(target);
	try {
		const result = await crash(target, options);
		// What it did in each of its lives tells more than what is missing.
		if (result.breaches.length > 0) console.log(livesOf(await target.deliveries()), target.logs().slice(-8_000));
		expect(result).toMatchObject({ missing: 0, breaches: [] });
		// Node-RED is back within a second.
		expect(result.due).toBeGreaterThan(20);
	} finally {
		running.delete(target);
		await target.stop();
	}
}

// They wait most of the time.
describe.concurrent('killed again and again', () => {
	test.each<[title: string, RoundsOptions]>([
		['Node-RED alarms (file)', { rounds: 10 }],
		['Node-RED alarms (context store)', { rounds: 10 }],
		['n8n alarms (default)', { rounds: 10 }],
		['n8n alarms (durable cursors)', { rounds: 10 }],
		['Node-RED queue', { rounds: 7 }],
		// What n8n has to itself here.
		[
			'n8n queue (again in a new session)',
			{ rounds: 3, points: ['after the answer', 'after emit', 'before the acknowledgement'] },
		],
	])(
		'%s: killed at every point, nothing is lost, and no more comes twice than is promised',
		async (title, options) => await keepsItsPromise(hosts[title]!(), options),
	);

	/** The first poll gives a batch for certain. */
	test.each(['default', 'durable'] as const)(
		'n8n alarms (%s), the latest at first: killed right after each activation, nothing is lost',
		async (mode) =>
			await keepsItsPromise(
				onVendor(startAlarms(), (subject) =>
					N8nTarget.start(
						subject,
						{ packages: packed('n8n-nodes-fleetwire-'), mode },
						{ firstRun: 'latest' },
					),
				),
				{ rounds: 2, points: [AT_ONCE] },
			),
	);

	test.each(
		(['file', 'context'] as const).flatMap((store) =>
			['before emit', 'after emit', 'after the checkpoint'].map((point) => ({ store, point })),
		),
	)(
		'Node-RED alarms ($store), the latest at first: killed in its very first poll, $point, nothing is lost',
		async ({ store, point }) =>
			await keepsItsPromise(
				onVendor(startAlarms(), (subject) => {
					subject.begin();
					return NodeRedTarget.start(
						subject,
						{
							version: NODE_RED_VERSIONS[0]!,
							packages: packed('fleetwire-node-red-fleet-'),
							store,
							firstEnd: point,
						},
						{ firstRun: { type: 'list', value: 'latest' } },
					);
				}),
				{ rounds: 1, points: ['after emit'], kills: [point] },
			),
	);
});
