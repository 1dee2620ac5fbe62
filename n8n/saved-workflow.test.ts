/** A workflow that an earlier version saved, in this one. */
import { createRequire } from 'node:module';
import type { ICredentialType, INode, INodeExecutionData, INodeType } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { comparable, kitOf, startVendor, VENDOR_NAMES, type TestVendor } from '../test/hosts/vendor';
import { executeContext, PublishedPoll, PublishedTrigger, StoredCredential } from '../test/support/n8n-context';
import { savedCredentials, savedWorkflow, withLastCommand } from '../test/support/saved';

// The classes that n8n-core uses, as in a running n8n.
vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

/** What one of n8n's files holds, which are named after the class in them. */
async function made<T>(path: string): Promise<T> {
	const name = /(\w+)\.\w+$/.exec(path)?.[1] ?? '';
	return new ((await import(/* @vite-ignore */ `../${path}`)) as Record<string, new () => T>)[name]!();
}

/** Vendors that the version which saved the workflow had. */
const SAVED = VENDOR_NAMES.filter((name) => savedCredentials().some(({ type }) => type === kitOf(name).n8n.credential));

test('the vendors of version 1 are still there', () => {
	expect(SAVED).toHaveLength(savedCredentials().length);
});

describe.each(SAVED)('%s', async (vendorName) => {
	const { className, queueTrigger } = kitOf(vendorName).vendor.n8n;
	const credential = await made<ICredentialType>(`credentials/${className}Api.credentials`);
	const types: INodeType[] = [];
	for (const ending of ['', 'Trigger', ...(queueTrigger === undefined ? [] : ['QueueTrigger'])])
		types.push(await made<INodeType>(`nodes/${className}/${className}${ending}.node`));
	const typeOf = ({ type }: INode) => types.find(({ description: { name } }) => type.endsWith(`.${name}`));
	const saved = savedWorkflow().nodes.filter((node) => typeOf(node) !== undefined);
	let vendor: TestVendor;
	let stored: StoredCredential;
	beforeAll(async () => {
		vendor = await startVendor(vendorName);
		const { data } = savedCredentials().find((each) => each.type === credential.name)!;
		const { secret, methodPaths } = vendor.connection as unknown as Record<string, string>;
		stored = new StoredCredential(credential, {
			...(data as object),
			baseUrl: vendor.simulator.url,
			secret: secret ?? '',
			...(methodPaths ? { methodPaths } : {}),
		});
	});
	afterAll(() => vendor.close());

	test('every operation gives what it gave', async () => {
		const requests = saved.filter(({ id }) => id.startsWith('request-'));
		expect(requests.length).toBeGreaterThan(0);
		for (const { name, type, typeVersion, parameters: asSaved } of requests) {
			const parameters = withLastCommand(asSaved, vendor.simulator.lastCommand?.());
			const node = typeOf({ type } as INode)!;
			const run = async (more: object = {}) => {
				const settings = { parameters: { ...parameters, ...more }, settings: { type, typeVersion } };
				const { context } = executeContext(node, stored, settings);
				return (await node.execute!.call(context)) as INodeExecutionData[][];
			};
			const operation = vendor.operation(name.split(': ')[1]!);
			const isCommand = operation.effect === 'command';
			// Version 1 had no such switch, and only a person may use it.
			if (isCommand)
				await expect(run(), name).rejects.toMatchObject({
					description: expect.stringContaining('switch on "Allow Commands" in the node.'),
				});
			const [items = []] = await run(isCommand ? { allowCommands: true } : {});
			expect(comparable(items.map(({ json }) => json)), name).toEqual(
				comparable(await vendor.expected(operation, 'simplified')),
			);
		}
	});

	test('every event is polled', async () => {
		const triggers = saved.filter(({ id }) => id.startsWith('trigger-'));
		expect(triggers.length).toBeGreaterThan(0);
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
				await vi.waitFor(() => expect(workflow.emitted.length).toBeGreaterThan(0), { timeout: 30_000 });
				const closed = workflow.close();
				for (const { end } of workflow.emitted) end('success');
				await closed;
			}
		}
	});
});
