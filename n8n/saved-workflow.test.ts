/** A workflow that an earlier version saved, in this one. */
import { createRequire } from 'node:module';
import type { ICredentialType, INode, INodeExecutionData, INodeType } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CtrackApi } from '../credentials/CtrackApi.credentials';
import { ETrackApi } from '../credentials/ETrackApi.credentials';
import { ITracksenseApi } from '../credentials/ITracksenseApi.credentials';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { TrackGpsApi } from '../credentials/TrackGpsApi.credentials';
import { Ctrack } from '../nodes/Ctrack/Ctrack.node';
import { CtrackQueueTrigger } from '../nodes/Ctrack/CtrackQueueTrigger.node';
import { CtrackTrigger } from '../nodes/Ctrack/CtrackTrigger.node';
import { ETrack } from '../nodes/ETrack/ETrack.node';
import { ETrackTrigger } from '../nodes/ETrack/ETrackTrigger.node';
import { ITracksense } from '../nodes/ITracksense/ITracksense.node';
import { ITracksenseTrigger } from '../nodes/ITracksense/ITracksenseTrigger.node';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { TrackCeoTrigger } from '../nodes/TrackCeo/TrackCeoTrigger.node';
import { TrackGps } from '../nodes/TrackGps/TrackGps.node';
import { TrackGpsTrigger } from '../nodes/TrackGps/TrackGpsTrigger.node';
import { comparable, startVendor, VENDOR_NAMES, type TestVendor } from '../test/hosts/vendor';
import { executeContext, PublishedPoll, PublishedTrigger, StoredCredential } from '../test/support/n8n-context';
import { savedCredentials, savedWorkflow, withLastCommand } from '../test/support/saved';

// The classes that n8n-core uses, as in a running n8n.
vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const TYPES: Record<string, { credential: new () => ICredentialType; nodes: (new () => INodeType)[] }> = {
	ctrack: { credential: CtrackApi, nodes: [Ctrack, CtrackTrigger, CtrackQueueTrigger] },
	trackceo: { credential: TrackCeoApi, nodes: [TrackCeo, TrackCeoTrigger] },
	etrack: { credential: ETrackApi, nodes: [ETrack, ETrackTrigger] },
	itracksense: { credential: ITracksenseApi, nodes: [ITracksense, ITracksenseTrigger] },
	trackgps: { credential: TrackGpsApi, nodes: [TrackGps, TrackGpsTrigger] },
};

describe.each(VENDOR_NAMES)('%s', (vendorName) => {
	const { credential, nodes } = TYPES[vendorName]!;
	const types = nodes.map((Type) => new Type());
	const typeOf = ({ type }: INode) => types.find(({ description: { name } }) => type.endsWith(`.${name}`));
	const saved = savedWorkflow().nodes.filter((node) => typeOf(node) !== undefined);
	let vendor: TestVendor;
	let stored: StoredCredential;
	beforeAll(async () => {
		vendor = await startVendor(vendorName);
		const type = new credential();
		const { data } = savedCredentials().find((each) => each.type === type.name)!;
		const { secret, methodPaths } = vendor.connection as unknown as Record<string, string>;
		stored = new StoredCredential(type, {
			...(data as object),
			baseUrl: vendor.simulator.url,
			secret: secret ?? '',
			...(methodPaths ? { methodPaths } : {}),
		});
	});
	afterAll(() => vendor.close());

	test('every operation gives what it gave', async () => {
		const requests = saved.filter(({ id }) => id.startsWith('request-'));
		expect(requests.map(({ name }) => name.split(': ')[1]).sort()).toEqual(
			vendor.provider.operations.map(({ resource, name }) => `${resource}.${name}`).sort(),
		);
		for (const { name, type, typeVersion, parameters: asSaved } of requests) {
			const parameters = withLastCommand(asSaved, vendor.simulator.lastCommand?.());
			const node = typeOf({ type } as INode)!;
			const { context } = executeContext(node, stored, { parameters, settings: { type, typeVersion } });
			const [items = []] = (await node.execute!.call(context)) as INodeExecutionData[][];
			const operation = vendor.operation(name.split(': ')[1]!);
			expect(comparable(items.map(({ json }) => json)), name).toEqual(
				comparable(await vendor.expected(operation, 'simplified')),
			);
		}
	});

	test('every event is polled', async () => {
		const triggers = saved.filter(({ id }) => id.startsWith('trigger-'));
		expect(triggers.length).toBe(vendor.provider.triggers.length);
		for (const { id, name, type, typeVersion, parameters } of triggers) {
			const node = typeOf({ type } as INode)!;
			const options = { parameters, settings: { id, type, typeVersion } };
			if (node.trigger === undefined) {
				const workflow = new PublishedPoll(node, stored, options);
				await workflow.activate();
				expect(workflow.database.failures, name).toEqual([]);
			} else {
				const workflow = new PublishedTrigger(node, stored, options);
				await workflow.activate();
				workflow.tick();
				await vi.waitFor(() => expect(workflow.emitted.length).toBeGreaterThan(0));
				const closed = workflow.close();
				for (const { end } of workflow.emitted) end('success');
				await closed;
			}
		}
	});
});
