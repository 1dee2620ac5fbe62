import { FleetError, TimedOut, Unreachable } from '../core/describe/errors';
import { transportError } from '../core/call/transport';

/** n8n's own refusals, which come before anything is sent. */
const REFUSED_BY_N8N = new Set(['SsrfBlockedIpError', 'SsrfBlockedHostnameError', 'UserError', 'NodeOperationError']);

/** What is read of an error, wherever it was made. */
interface Link {
	name?: string;
	message?: string;
	description?: unknown;
	code?: unknown;
	syscall?: unknown;
	cause?: unknown;
	fleetError?: unknown;
}

/** An error and what it was made of, outermost first. */
export function chainOf(thrown: unknown): Link[] {
	const links: Link[] = [];
	for (
		let link = thrown as Link | null | undefined;
		typeof link === 'object' && link !== null && links.length < 8;
		link = (link.cause ?? link.fleetError) as Link
	)
		links.push(link);
	return links;
}

/**
 * Makes a FleetError of what n8n's helpers throw: they wrap everything, ours included. The original is left behind,
 * since it holds the whole request.
 */
export function toFleetError(thrown: unknown, host: string, signal?: AbortSignal): FleetError {
	const links = chainOf(thrown);
	const own = links.find((link) => link instanceof FleetError);
	if (own instanceof FleetError) return own;
	if (signal?.aborted) return new TimedOut('The run was stopped.', { effect: 'unknown' });
	const refusal = links.find(({ name = '' }) => REFUSED_BY_N8N.has(name));
	if (refusal !== undefined) {
		return new Unreachable(`n8n blocked the request: ${(refusal.message ?? '').replace(/\.?$/, '.')}`, {
			advice:
				typeof refusal.description === 'string'
					? refusal.description
					: 'Check the allowed domains in the credential.',
		});
	}
	const { code } = links.find((link) => typeof link.code === 'string') ?? {};
	// n8n does not tell whether the request had left: only a failed connect() is sure not to have sent it.
	return transportError(typeof code === 'string' ? code : '', host, {
		sent: !links.some(({ syscall }) => syscall === 'connect'),
		trust: 'If a proxy opens TLS on the way, its authority must be made known to n8n.',
	});
}
