import type { Client } from '../../core/call/client';
import type { Connection } from '../../core/describe/connection';
import type { Provider } from '../../core/describe/provider';
import { Stranger, WAYS, type Oddity } from '../../simulators/stranger';
import { kitOf } from '../support/kits';
import { StrangerHost } from './host';
import type { Product } from './product';
import { NOW, startSimulator, type Simulated } from './vendors';
import type { World } from '../../simulators/stranger';

/** An account at a strange vendor, in a process that has just begun. */
export interface Account {
	provider: Provider;
	client: Client;
	host: StrangerHost;
	stranger: Stranger;
	simulated: Simulated;
}

let accounts = 0;

/**
 * @param moving whether the vendor's clock moves. Otherwise it stands: a run gets the same however long it takes.
 */
export async function openAccount(
	product: Product,
	name: string,
	{ oddities, world, seed, moving }: { oddities: readonly Oddity[]; world: World; seed: number; moving: boolean },
): Promise<Account> {
	const kit = kitOf(name);
	const vendor = product.providers.vendors.find(({ provider }) => provider.name === name);
	const ways = WAYS[kit.platform];
	if (vendor === undefined || ways === undefined) throw new Error(`nobody knows ${name}`);
	const { provider } = vendor;
	accounts += 1;
	const connection = product.field.readFields(
		provider.connection,
		{
			baseUrl: `https://vendor-${String(accounts)}.example`,
			rateLimit: 60_000,
			...kit.settings,
			allowCommands: true,
		},
		{ now: NOW, timeZone: 'UTC' },
	) as unknown as Connection;
	const clock: { host?: StrangerHost } = {};
	const simulated = await startSimulator(kit.platform, name, () => (moving ? (clock.host?.time ?? NOW) : NOW), world);
	const stranger = new Stranger(simulated, ways, oddities, seed, () => clock.host?.time ?? NOW);
	const host = new StrangerHost(
		product,
		provider,
		connection,
		{ answer: (request) => stranger.answer(request), prefix: simulated.prefix },
		NOW,
	);
	clock.host = host;
	return { provider, client: new product.client.Client(provider, connection, host), host, stranger, simulated };
}
