/** `npm run simulate`: the simulated vendors on fixed ports, until it is interrupted. */
import { parseArgs } from 'node:util';
import { startAll, TITLES } from './vendors';

const PORT_BASE = 4410;

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { 'port-base': { type: 'string', default: String(PORT_BASE) } } });
	const base = Number(values['port-base']);
	if (!Number.isInteger(base) || base < 1 || base + TITLES.length > 65_536)
		throw new Error('--port-base takes a port number');

	const running = await startAll({ portBase: base }).catch((error: Error) => {
		throw new Error(`${error.message} For others: npm run simulate -- --port-base ${String(base + 1000)}`, {
			cause: error,
		});
	});
	for (const { title, url, account, password } of running)
		console.log(`${title}\n  address   ${url}\n  account   ${account}\n  password  ${password}\n`);
	const url = new URL(running[0]!.url).origin;
	console.log(
		[
			'Faults, for any of them:',
			`curl -X POST ${url}/_simulator/faults -d '{"kind":"status","status":503,"match":"/api/track","times":3}'`,
			`curl -X POST ${url}/_simulator/faults -d '{"kind":"reset","match":"/api/command/send","effect":"after"}'`,
			`curl -X POST ${url}/_simulator/faults -d '{"kind":"html","match":"*/GetVehicles"}'`,
			`curl -X POST ${url}/_simulator/kill-token -d '{"account":"demo"}'`,
			`curl -X DELETE ${url}/_simulator/faults`,
			`curl ${url}/_simulator/state`,
		].join('\n  '),
	);
	for (const signal of ['SIGINT', 'SIGTERM'] as const)
		process.once(signal, () => void Promise.all(running.map((vendor) => vendor.close())));
}

main().catch((error: Error) => {
	console.error(error.message);
	process.exitCode = 1;
});
