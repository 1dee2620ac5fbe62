import { FleetError, TimedOut, UnexpectedAnswer, Unreachable } from '../core/errors';

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH/;
const HANDSHAKE = /^(EPROTO$|ERR_SSL_|ERR_TLS_)/;
const DECOMPRESSION = /^(Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/;
const TIMED_OUT = new Set(['ETIMEDOUT', 'ECONNABORTED', 'ESOCKETTIMEDOUT']);
/** n8n's own refusals, which come before anything is sent. */
const REFUSED_BY_N8N = new Set(['SsrfBlockedIpError', 'SsrfBlockedHostnameError', 'UserError', 'NodeOperationError']);

/** What is looked at in an error, whoever made it. */
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
	for (let link = thrown as Link | null | undefined; typeof link === 'object' && link !== null && links.length < 8; link = (link.cause ?? link.fleetError) as Link) links.push(link);
	return links;
}

/**
 * Makes a FleetError of what n8n's helpers throw: they wrap everything, ours included. The original is left behind,
 * since it holds the whole request. Messages avoid the names of socket errors: n8n puts words of its own in their place.
 */
export function failureOf(thrown: unknown, host: string, signal?: AbortSignal): FleetError {
	const links = chainOf(thrown);
	const own = links.find((link) => link instanceof FleetError);
	if (own instanceof FleetError) return own;
	if (signal?.aborted) return new TimedOut('The run was stopped.', { effect: 'unknown' });
	const refusal = links.find(({ name = '' }) => REFUSED_BY_N8N.has(name));
	if (refusal !== undefined) {
		return new Unreachable(`n8n does not let the request out: ${(refusal.message ?? '').replace(/\.?$/, '.')}`, { advice: typeof refusal.description === 'string' ? refusal.description : 'Check the allowed domains in the credential.' });
	}
	const { code } = links.find((link) => typeof link.code === 'string') ?? {};
	return explain(typeof code === 'string' ? code : '', host, links.some(({ syscall }) => syscall === 'connect'));
}

function explain(code: string, host: string, connecting: boolean): FleetError {
	const baseUrl = 'Check the base URL in the account.';
	const network = 'Check this machine\'s connection to the internet.';
	if (code === 'ENOTFOUND' || code === 'ENODATA') return new Unreachable(`There is no server with the name ${host}.`, { advice: `${baseUrl} If it is right: ${network}` });
	if (code === 'EAI_AGAIN') return new Unreachable(`The name ${host} cannot be resolved at the moment.`, { retryable: true, advice: network });
	if (code === 'ECONNREFUSED') return new Unreachable(`${host} refuses the connection.`, { retryable: true, advice: `${baseUrl} If it is right, try again later.` });
	if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ENETDOWN') return new Unreachable(`There is no way to ${host} through the network.`, { retryable: true, advice: network });
	if (CERTIFICATE.test(code)) return new Unreachable(`The certificate of ${host} cannot be trusted (${code}).`, { advice: `${baseUrl} If a proxy opens TLS on the way, its authority must be made known to n8n.` });
	if (HANDSHAKE.test(code)) return new Unreachable(`No secure connection to ${host} can be made (${code}).`, { advice: 'Check whether the base URL should begin with http:// or name another port.' });
	if (DECOMPRESSION.test(code)) return new UnexpectedAnswer(`The answer of ${host} is damaged: it cannot be decompressed.`, { effect: 'unknown', retryable: true, advice: 'Try again.' });
	if (TIMED_OUT.has(code)) {
		return connecting
			? new TimedOut(`${host} could not be reached in time.`, { retryable: true, advice: `${baseUrl} If it is right, try again later.` })
			: new TimedOut(`${host} did not answer in time.`, { retryable: true, effect: 'unknown', advice: 'Check whether the vendor works, and the base URL in the account.' });
	}
	return new Unreachable(`The connection to ${host} broke off before the answer was complete.`, { retryable: true, effect: 'unknown', advice: 'Try again.' });
}
