import type { Client } from '../../core/call/client';
import type { Host } from '../../core/describe/host';
import type { AnyOperation } from '../../core/describe/operation';
import type { Connection } from '../../core/describe/connection';
import type { Limits, Provider } from '../../core/describe/provider';
import type { PositionSource } from '../../core/describe/trigger';
import { SIGNED_IN } from '../support/signed-in';
import type { Engine } from './engine';

interface Offered {
	operations: readonly AnyOperation[];
	positions: PositionSource;
	limits?: Partial<Limits>;
	lookups?: Provider['lookups'];
}

/** As fast as it goes. */
const UNLIMITED = 6_000_000;

/** A client of a vendor made for these tests, in a process that has just begun: nothing is shared with earlier ones. */
export function newProcess(
	engine: Engine,
	host: Host,
	{ operations, positions, limits, lookups = {} }: Offered,
): Client {
	const { breaker, client, errors, limiter, pickers, refusals, methodRefusals, proofs, retry, session, sharedReads } =
		engine;
	const provider: Provider = {
		...SIGNED_IN,
		open: ({ body }) => {
			const data = JSON.parse(body) as { expired?: boolean };
			if (data.expired === true) throw new errors.SessionExpired('The session is over.', { definite: true });
			return data;
		},
		limits: {
			requestsPerMinute: UNLIMITED,
			burst: 1000,
			deadlineMs: 300_000,
			poll: { seconds: 60, leastSeconds: 10 },
			...limits,
		},
		operations,
		positions,
		lookups,
	};
	const { requestsPerMinute: rateLimit, burst } = provider.limits;
	const connection: Connection = {
		baseUrl: 'https://vendor.example',
		account: 'fleet',
		allowCommands: false,
		allowPrivateAddresses: false,
		rateLimit,
	};
	return new client.Client(provider, connection, host, undefined, {
		account: {
			limiter: new limiter.Limiter(rateLimit, burst, 4),
			probation: new limiter.Limiter(rateLimit, 1, 1),
			proven: true,
			renewals: [],
		},
		sessions: new session.SessionKeeper('Vendor', 'fleet', []),
		breaker: new breaker.CircuitBreaker('Vendor'),
		retries: new retry.RetryBudget(),
		lookups: new pickers.Lookups(),
		reads: new sharedReads.SharedReads(),
		refusals: new refusals.Refusals(),
		methods: new methodRefusals.MethodRefusals(),
		proofs: new proofs.Proofs(),
		queues: new Map(),
		accepted: true,
		disputed: false,
		accept: () => undefined,
	});
}
