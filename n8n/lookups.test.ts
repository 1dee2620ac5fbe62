import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TrackCeoApi } from '../credentials/TrackCeoApi.credentials';
import { TrackCeo } from '../nodes/TrackCeo/TrackCeo.node';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../simulators/protrack';
import { loadOptionsContext, StoredCredential } from '../test/support/n8n-context';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const node = new TrackCeo();
const { listSearch } = node.methods;
let simulator: ProtrackSimulator;
beforeAll(async () => {
	simulator = await startProtrack({ brand: 'trackceo', fleetSize: 230 });
});
afterAll(async () => {
	await simulator.close();
});

function search(method: string, filter?: string, token?: string, changes: object = {}) {
	const stored = new StoredCredential(new TrackCeoApi(), {
		baseUrl: simulator.url,
		account: 'demo',
		secretType: 'password',
		secret: PASSWORD,
		allowCommands: false,
		rateLimit: 60_000,
		allowPrivateAddresses: true,
		...changes,
	});
	return listSearch[method]!.call(loadOptionsContext(node, stored), filter, token);
}

test('every picker of the node has its method', () => {
	const methods = JSON.stringify(node.description.properties).matchAll(/"searchListMethod":"(\w+)"/g);
	expect([...new Set([...methods].map(([, method]) => method))].sort()).toEqual([
		'searchDevices',
		'searchDevicesOrAll',
		'searchSubAccounts',
	]);
	for (const method of ['searchDevices', 'searchDevicesOrAll', 'searchSubAccounts'])
		expect(listSearch).toHaveProperty(method);
});

test('devices come by name, a page at a time', async () => {
	const first = await search('searchDevices');
	const second = await search('searchDevices', '', first.paginationToken);
	const third = await search('searchDevices', '', second.paginationToken);
	expect([first.results.length, second.results.length, third.paginationToken]).toEqual([100, 100, undefined]);
	const all = [...first.results, ...second.results, ...third.results].map(({ value }) => value);
	expect(new Set(all).size).toBe(simulator.devices.size);
	expect(simulator.requests.filter(({ path }) => path === '/api/device/list')).toHaveLength(1);
});

test('all devices is the first choice where the operation takes them', async () => {
	expect((await search('searchDevicesOrAll')).results[0]).toEqual({ name: 'All Devices', value: '*' });
	expect((await search('searchDevicesOrAll', 'all dev')).results).toEqual([{ name: 'All Devices', value: '*' }]);
	expect((await search('searchDevices')).results[0]?.value).not.toBe('*');
});

test('the filter finds parts of name, plate and IMEI', async () => {
	const { results } = await search('searchDevices', '');
	const [{ name, value }] = results as [{ name: string; value: string }];
	for (const filter of [name.toUpperCase(), value.slice(3), name.split(' · ').reverse().join(' ')])
		expect((await search('searchDevices', filter)).results).toContainEqual({ name, value });
	expect((await search('searchDevices', 'nothing like it')).results).toEqual([]);
});

test('sub-accounts', async () => {
	expect((await search('searchSubAccounts', 'north')).results).toEqual([
		{ name: 'demo-north · North branch', value: 'demo-north' },
	]);
});

test('the list is not for those who do not know the secret', async () => {
	await search('searchDevices');
	await expect(search('searchDevices', '', undefined, { secret: 'guessed' })).rejects.toThrow('code 20001');
});

test('an error inside an answer that is fine for HTTP has no code of success, which pickers write before it', async () => {
	await expect(search('searchDevices', '', undefined, { secret: 'guessed' })).rejects.toMatchObject({
		httpCode: null,
	});
});

test('an error says what to do', async () => {
	await expect(search('searchDevices', '', undefined, { account: 'nobody' })).rejects.toMatchObject({
		name: 'NodeApiError',
		message: expect.stringContaining('code 20001'),
		description: expect.stringContaining('Check account'),
	});
});
