import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { carriedOut, FATES, startFaultProxy, type FaultProxy } from './fault-proxy';

let vendor: Server;
let seen: string[];
const proxies: FaultProxy[] = [];

beforeEach(async () => {
	seen = [];
	vendor = createServer((request, response) => {
		seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
		response.setHeader('content-type', 'application/json').end('{"fine":true}');
	});
	await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
	await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
	vendor.closeAllConnections();
	vendor.close();
});

async function through(options: Partial<Parameters<typeof startFaultProxy>[0]>): Promise<FaultProxy> {
	const proxy = await startFaultProxy({
		targets: { vendor: `http://127.0.0.1:${String((vendor.address() as AddressInfo).port)}/base` },
		seed: 1,
		share: 0.5,
		...options,
	});
	proxies.push(proxy);
	return proxy;
}

/** Status and text, or that there was none. */
const ask = async (proxy: FaultProxy, path = '/x?token=1') => {
	try {
		const answer = await fetch(proxy.url('vendor') + path);
		return `${String(answer.status)} ${await answer.text()}`;
	} catch {
		return 'broken';
	}
};

test('a seed repeats its faults, another gives others', async () => {
	const plans: string[] = [];
	for (const seed of [5, 5, 6]) {
		const proxy = await through({ seed, fates: ['status503', 'html', 'empty', 'resetBefore'] });
		for (let count = 0; count < 60; count++) await ask(proxy);
		plans.push(proxy.struck.map(({ number, fate }) => `${String(number)} ${fate}`).join());
		expect(proxy.requests).toBe(60);
		expect(proxy.struck.length).toBeGreaterThan(15);
		expect(proxy.struck.length).toBeLessThan(45);
		expect(proxy.plan()).toContain(`seed ${String(seed)}`);
		expect(proxy.plan()).not.toContain('token=1');
	}
	expect(plans[1]).toBe(plans[0]);
	expect(plans[2]).not.toBe(plans[0]);
});

test.each(FATES)('%s', async (fate) => {
	const proxy = await through({ share: 1, fates: [fate] });
	const answer = await ask(proxy);
	expect(seen).toEqual(carriedOut(fate) ? ['GET /base/x?token=1'] : []);
	if (fate === 'slow' || fate === 'drip') expect(answer).toBe('200 {"fine":true}');
	else expect(answer).not.toContain('{"fine":true}');
});

test('what is spared, and all once it is calm, goes through', async () => {
	const proxy = await through({ share: 1, fates: ['status503'], spare: (path) => path.startsWith('/login') });
	expect(await ask(proxy, '/login')).toBe('200 {"fine":true}');
	expect(await ask(proxy)).toBe('503 busy');
	proxy.calm();
	expect(await ask(proxy)).toBe('200 {"fine":true}');
	expect((await fetch(`${proxy.url('nobody')}/x`)).status).toBe(404);
});
