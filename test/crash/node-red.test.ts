import { test } from 'vitest';
import { NODE_RED_VERSIONS } from '../hosts/install';
import { hosts, onVendor, packed } from './hosts';
import { NodeRedTarget } from './node-red';
import { keepsItsPromise } from './promise';
import { FEW, startAlarms } from './subjects';

test.each(['Node-RED alarms (file)', 'Node-RED alarms (context store)', 'Node-RED queue'])(
	'%s, killed at every point',
	async (title) => await keepsItsPromise(hosts[title]!(), { rounds: 10 }),
);

/** The first poll gives a batch for certain. */
test.each(
	(['file', 'context'] as const).flatMap((store) =>
		['before emit', 'after emit', 'after the checkpoint'].map((point) => ({ store, point })),
	),
)(
	'Node-RED alarms ($store), the latest at first: killed in its very first poll, $point',
	async ({ store, point }) =>
		await keepsItsPromise(
			onVendor(startAlarms(20, FEW), (subject) =>
				NodeRedTarget.start(
					subject,
					{
						version: NODE_RED_VERSIONS[0]!,
						packages: packed('fleetwire-node-red-fleet-'),
						store,
						firstEnd: point,
					},
					{ firstRun: { type: 'list', value: 'latest' } },
				),
			),
			{ rounds: 1, points: ['after emit'], kills: [point] },
			5,
		),
);
