import { metadataAddress, privateAddress } from '../../core/describe/base-url';
import { Unreachable, type FleetError } from '../../core/describe/errors';
import { transportError } from '../../core/call/transport';
import { privateForbidden } from './locks';
import { METADATA_ADDRESS, PRIVATE_ADDRESS } from './public-lookup';

interface Found {
	code: string;
	syscall?: string;
	message: string;
	/** The address that was found and refused. */
	address: string;
}

/** What node or undici says went wrong: the first of a name's addresses speaks for all of them. */
function found(error: unknown): Found {
	const {
		code,
		syscall,
		address = '',
		message = String(error),
		errors,
		cause,
	} = (error ?? {}) as {
		code?: unknown;
		syscall?: string;
		address?: string;
		message?: string;
		errors?: unknown[];
		cause?: unknown;
	};
	if (Array.isArray(errors) && errors.length > 0) return found(errors[0]);
	if (typeof code !== 'string' && cause !== undefined && cause !== error) return found(cause);
	return { code: typeof code === 'string' ? code : '', syscall, message, address };
}

/**
 * Turns what a socket, a TLS layer, a resolver or a decompressor throws into one of our errors.
 * @param sent whether the request had got a connection: from then on its effect is unknown
 * @param proxied whether that connection leads to a proxy
 * @param forbidden whether whoever runs Node-RED forbids private addresses
 */
export function explain(
	error: unknown,
	host: string,
	{ sent, proxied, forbidden }: { sent: boolean; proxied: boolean; forbidden: boolean },
): FleetError {
	const { code, message, address } = found(error);
	const effect = sent ? ('unknown' as const) : ('none' as const);
	const cause = Object.assign(new Error(message), code === '' ? {} : { code });
	if (code === PRIVATE_ADDRESS || code === METADATA_ADDRESS) {
		if (forbidden) return privateForbidden();
		if (code === METADATA_ADDRESS) return metadataAddress(message);
		return privateAddress(address, { shown: message, cause });
	}
	if (proxied && !sent)
		return new Unreachable(
			`No connection through the proxy can be made${forbidden ? '' : ` (${code === '' ? message.slice(0, 100) : code})`}.`,
			{ cause, effect, retryable: true, advice: 'Check the proxy in the account.' },
		);
	const parser = error instanceof Error && error.name === 'HTTPParserError';
	return transportError(parser ? 'HPE_' : code, host, {
		sent,
		cause,
		trust: "For a certificate of your own, give its authority in the account's TLS settings.",
	});
}
