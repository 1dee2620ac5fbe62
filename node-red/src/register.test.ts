import type { NodeAPI } from 'node-red';
import { describe, expect, test, vi } from 'vitest';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { providers } from '../../providers';
import { Runtime } from '../../test/support/node-red-runtime';
import { register } from './register';
import { VendorNodes } from './vendor-nodes';

const provider = trackceo as unknown as Provider;

/** What a registration asks of Node-RED, with these settings. */
function registered(settings: object = {}) {
	const types: Record<string, unknown> = {};
	const routes: string[] = [];
	const permissions: string[] = [];
	const handlers: ((request: object, response: object) => void)[] = [];
	const route =
		(method: string) =>
		(path: string, ...own: typeof handlers): void => {
			routes.push(`${method} ${path}`);
			handlers.push(own.at(-1)!);
		};
	const RED = {
		settings,
		nodes: { registerType: (type: string, _: unknown, options?: object) => (types[type] = options) },
		auth: { needsPermission: (permission: string) => void permissions.push(permission) },
		httpAdmin: { get: route('GET'), post: route('POST') },
	} as unknown as NodeAPI;
	const load = vi.fn(() => provider);
	const secrets = ['secret'];
	const maker = vi.fn((api: NodeAPI, loaded: Provider) => new VendorNodes(api, loaded));
	register(RED, { name: 'trackceo', secrets, load }, () => maker);
	return { types, routes, permissions, load, maker, handlers };
}

describe('when Node-RED starts', () => {
	test('a vendor has its three types, and its secrets are credentials', () => {
		expect(registered().types).toEqual({
			'fleetwire-trackceo-account': { credentials: { secret: { type: 'password' } } },
			'fleetwire-trackceo': undefined,
			'fleetwire-trackceo-trigger': undefined,
		});
	});

	test('new triggers remember in a store that lasts, where the user folder does not', () => {
		const contextStorage = { default: { module: 'memory' }, kept: { module: () => ({}) } };
		const optionsFor = (keepsUserFolder: boolean, stores: object = contextStorage) =>
			registered({ contextStorage: stores, fleetwire: { keepsUserFolder } }).types['fleetwire-trackceo-trigger'];
		expect(optionsFor(false)).toEqual({
			settings: { fleetwireTrackceoTriggerStore: { value: 'kept', exportable: true } },
		});
		expect(optionsFor(false, { default: { module: 'memory' } })).toBeUndefined();
		expect(optionsFor(true)).toBeUndefined();
	});

	test('it has routes for the editor, which need two permissions', () => {
		const { routes, permissions } = registered();
		expect(routes).toEqual([
			'POST /fleetwire/trackceo/lookup/:account/:name',
			'POST /fleetwire/trackceo/lookup/:name',
			'POST /fleetwire/trackceo/poll/:trigger',
			'POST /fleetwire/trackceo/test',
		]);
		expect(permissions).toEqual(['flows.write', 'fleetwire-trackceo.write']);
	});

	test('its catalog is not loaded', () => {
		expect(registered().load).not.toHaveBeenCalled();
	});
});

test('what all its nodes and routes share is made once', () => {
	const { handlers, load, maker } = registered();
	const response = { status: () => response, json: () => undefined, destroy: () => undefined };
	for (const handler of handlers) handler({ params: {}, body: {} }, response);
	expect([load.mock.calls.length, maker.mock.calls.length]).toEqual([1, 1]);
});

test('its catalog is loaded once, with the first of its nodes', async () => {
	const seen: string[] = [];
	const counted = providers.map((each) => ({
		...each,
		get operations() {
			seen.push(each.name);
			return each.operations;
		},
	})) as unknown as Provider[];
	const runtime = new Runtime(counted);
	seen.length = 0;
	await runtime.deploy([{ id: 'a', type: 'fleetwire-etrack', x: 0, resource: 'device', operation: 'getMany' }]);
	await runtime.node('a').receive({});
	expect(new Set(seen)).toEqual(new Set(['etrack']));
	await runtime.stop();
});

describe('the routes', () => {
	const ROUTES = [
		['POST', 'lookup/account/device'],
		['POST', 'lookup/device'],
		['POST', 'poll/trigger'],
		['POST', 'test'],
	] as const;
	const runtime = new Runtime([provider]);
	const call = (method: 'POST', path: string, options: object) =>
		runtime.admin(method, `/fleetwire/trackceo/${path}`, { body: {}, ...options });

	test.each(ROUTES)('%s %s is for who may change flows and this vendor', async (method, path) => {
		for (const permissions of [
			[],
			['flows.read'],
			['flows.write'],
			['fleetwire-trackceo.write'],
			['flows.read', 'fleetwire-trackceo.read'],
			['flows.write', 'fleetwire-ctrack.write'],
		])
			expect((await call(method, path, { permissions })).status, String(permissions)).toBe(401);
		const both = ['flows.write', 'fleetwire-trackceo.write'];
		expect((await call(method, path, { permissions: both })).status).not.toBe(401);
	});

	test.each(ROUTES)('%s %s takes JSON only', async (method, path) => {
		for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
			expect(await call(method, path, { type })).toEqual({
				status: 415,
				body: { ok: false, message: 'Only JSON is taken here.' },
			});
	});
});
