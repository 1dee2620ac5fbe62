/** A flow that an earlier version saved, in this one: it runs, and the editor has nothing to change in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comparable, nameOf, startVendor, VENDOR_NAMES, type TestVendor } from '../../test/hosts/vendor';
import { openPage } from '../../test/support/editor-page';
import { Runtime, type FlowNode } from '../../test/support/node-red-runtime';
import { savedFlow, withLastCommand } from '../../test/support/saved';
import { accountType, requestType, triggerType } from './types';

/** Vendors that the version which saved the flow had. */
const SAVED = VENDOR_NAMES.filter((name) => savedFlow().some(({ type }) => type === accountType({ name })));

test('the vendors of version 1 are still there', () => {
	const accounts = savedFlow().filter(({ type }) => /^fleetwire-\w+-account$/.test(type));
	expect(SAVED).toHaveLength(new Set(accounts.map(({ type }) => type)).size);
});

describe.each(SAVED)('%s', (name) => {
	const flow = savedFlow();
	const of = (type: string) => flow.filter((node) => node.type === type);
	let vendor: TestVendor;
	let userDir: string;
	beforeAll(async () => {
		vendor = await startVendor(name);
		userDir = mkdtempSync(join(tmpdir(), 'fleetwire-'));
	});
	afterAll(async () => {
		await vendor.close();
		rmSync(userDir, { recursive: true });
	});

	async function deployed(nodes: FlowNode[]): Promise<Runtime> {
		const runtime = new Runtime([vendor.provider], { userDir });
		const accounts = of(accountType(vendor.provider));
		const { url } = vendor.simulator;
		const { secret, methodPaths } = vendor.connection as unknown as Record<string, string>;
		await runtime.deploy(
			[...accounts.map((node) => ({ ...node, baseUrl: url, ...(methodPaths ? { methodPaths } : {}) })), ...nodes],
			Object.fromEntries(accounts.map(({ id }) => [id, { secret: secret ?? '' }])),
		);
		return runtime;
	}

	test('every operation gives what it gave', async () => {
		const requests = of(requestType(vendor.provider));
		expect(requests.length).toBeGreaterThan(0);
		for (const saved of requests) {
			const operation = vendor.operation(`${String(saved.resource)}.${String(saved.operation)}`);
			const node = withLastCommand(saved, vendor.simulator.lastCommand?.());
			let runtime = await deployed([node]);
			const msg = { newPassword: 'New-Password-1' };
			if (operation.effect === 'command') {
				// Version 1 had no such switch, and only a person may use it.
				const refused = await runtime.node(saved.id).receive({ ...msg });
				expect(refused.error?.message, nameOf(operation)).toContain('switch on "Allow Commands" in the node.');
				await runtime.stop();
				runtime = await deployed([{ ...node, allowCommands: true }]);
			}
			const { sent, error } = await runtime.node(saved.id).receive({ ...msg });
			expect(error, nameOf(operation)).toBeUndefined();
			const { payload } = sent[0]!;
			const records = operation.list ? payload : [payload];
			expect(comparable(records as object[]), nameOf(operation)).toEqual(
				comparable(await vendor.expected(operation, 'simplified')),
			);
			await runtime.stop();
		}
	});

	test('every event is polled', async () => {
		const triggers = of(triggerType(vendor.provider));
		expect(triggers.length).toBeGreaterThan(0);
		for (const saved of triggers) {
			const runtime = await deployed([saved]);
			const node = runtime.node(saved.id);
			const { error } = await node.receive({ payload: 'poll' });
			expect([error, node.line?.fill], String(saved.event)).toEqual([undefined, 'green']);
			await runtime.stop();
		}
	});

	test('the editor shows it without a mark, and as it was saved', () => {
		const { types, add } = openPage(vendor.provider);
		const kinds = [accountType, requestType, triggerType].map((type) => type(vendor.provider));
		for (const saved of kinds.flatMap(of)) {
			const { defaults } = types[saved.type]!;
			const node = add(saved);
			for (const [property, { validate }] of Object.entries(defaults)) {
				expect(node[property], `${saved.type} ${property}`).toEqual(saved[property]);
				expect(validate?.call(node, node[property], {}) ?? true, `${saved.type} ${property}`).toBe(true);
			}
		}
	});
});
