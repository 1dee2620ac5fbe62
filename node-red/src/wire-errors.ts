import { metadataAddress, privateAddress } from '../../core/describe/base-url';
import { Unreachable, type FleetError } from '../../core/describe/errors';
import { isAboutTls, transportError } from '../../core/call/transport';
import { privateForbidden } from './locks';
import { metadataProxy, type Proxy } from './proxy';
import { METADATA_ADDRESS, PRIVATE_ADDRESS } from './public-lookup';

interface Found {
	code: string;
	syscall?: string;
	message: string;
	/** The name that leads to an address that is refused, and the address. */
	hostname?: string;
	address: string;
}

/** What node or undici says went wrong: the first of a name's addresses speaks for all of them. */
function found(error: unknown): Found {
	const {
		code,
		syscall,
		hostname,
		address = '',
		message = String(error),
		errors,
		cause,
	} = (error ?? {}) as {
		code?: unknown;
		syscall?: string;
		hostname?: string;
		address?: string;
		message?: string;
		errors?: unknown[];
		cause?: unknown;
	};
	if (Array.isArray(errors) && errors.length > 0) return found(errors[0]);
	if (typeof code !== 'string' && cause !== undefined && cause !== error) return found(cause);
	return { code: typeof code === 'string' ? code : '', syscall, message, hostname, address };
}

/** A proxy as errors name it, without a login. */
export const seen = ({ url }: Proxy) => new URL(url).host;

/** What undici says where a proxy answers by itself, with and without a tunnel. */
const REFUSED_BY_PROXY = /^Proxy (?:response|Authentication Required) \((\d+)\)/;

/** An error at the proxy. Whoever may not see the network hears no more than that. */
function atProxy(
	{ code, message }: Found,
	proxy: Proxy,
	{ forbidden, cause }: { forbidden?: boolean; cause: Error },
): Unreachable {
	const [, status] = REFUSED_BY_PROXY.exec(message) ?? [];
	const what = forbidden
		? 'No connection through the proxy can be made.'
		: status === '407'
			? `The proxy ${seen(proxy)} asks for another login (HTTP 407).`
			: status !== undefined
				? `The proxy ${seen(proxy)} makes no connection (HTTP ${status}).`
				: `No connection to the proxy ${seen(proxy)} can be made (${code === '' ? message.slice(0, 100) : code}).`;
	return new Unreachable(what, {
		cause,
		retryable: status !== '407',
		advice: `Check the proxy in ${proxy.setIn}.`,
	});
}

interface Circumstances {
	/** Whether the request had got a connection: whatever ends it from then on, it may have been carried out. */
	sent: boolean;
	/** To which that connection leads. */
	proxy?: Proxy;
	/** Whoever runs Node-RED forbids private addresses. */
	forbidden?: boolean;
}

/** Turns what a socket, a TLS layer, a resolver or a decompressor throws into one of our errors. */
export function explain(error: unknown, host: string, circumstances: Circumstances): FleetError {
	const explained = explanation(error, host, circumstances);
	return circumstances.sent ? explained.with({ effect: 'unknown' }) : explained;
}

function explanation(error: unknown, host: string, { sent, proxy, forbidden }: Circumstances): FleetError {
	const reason = found(error);
	const { code, message, hostname, address } = reason;
	const cause = Object.assign(new Error(message), code === '' ? {} : { code });
	const refused = code === PRIVATE_ADDRESS || code === METADATA_ADDRESS;
	if (refused && !(forbidden && proxy)) {
		if (forbidden) return privateForbidden();
		if (code === PRIVATE_ADDRESS) return privateAddress(address, { shown: message, cause });
		const isProxy = proxy !== undefined && hostname === new URL(proxy.url).hostname;
		return isProxy ? metadataProxy(proxy, message) : metadataAddress(message);
	}
	if (proxy && (REFUSED_BY_PROXY.test(message) || (!sent && (forbidden || !isAboutTls(code)))))
		return atProxy(reason, proxy, { forbidden, cause });
	const parser = error instanceof Error && error.name === 'HTTPParserError';
	return transportError(parser ? 'HPE_' : code, host, {
		sent,
		cause,
		trust: "For a certificate of your own, give its authority in the account's TLS settings.",
	});
}
