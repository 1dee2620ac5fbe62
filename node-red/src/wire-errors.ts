import { InvalidParams, Unreachable, UnexpectedAnswer, type FleetError } from '../../core/errors';
import { PRIVATE_ADDRESS } from './public-lookup';

interface Found {
	code: string;
	syscall?: string;
	message: string;
}

/** What node or undici says went wrong: the first of a name's addresses speaks for all of them. */
function found(error: unknown): Found {
	const { code, syscall, message = String(error), errors, cause } = (error ?? {}) as { code?: unknown; syscall?: string; message?: string; errors?: unknown[]; cause?: unknown };
	if (Array.isArray(errors) && errors.length > 0) return found(errors[0]);
	if (typeof code !== 'string' && cause !== undefined && cause !== error) return found(cause);
	return { code: typeof code === 'string' ? code : '', syscall, message };
}

const isCertificate = (code: string) => /CERT|SELF_SIGNED|UNABLE_TO|_CRL|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/.test(code);
const isHandshake = (code: string) => code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');

/**
 * Turns what a socket, a TLS layer, a resolver or a decompressor throws into one of our errors.
 * @param sent whether the request had got a connection: from then on its effect is unknown
 * @param proxied whether that connection leads to a proxy
 */
export function explain(error: unknown, host: string, { sent, proxied }: { sent: boolean; proxied: boolean }): FleetError {
	const { code, message } = found(error);
	const effect = sent ? ('unknown' as const) : ('none' as const);
	const cause = Object.assign(new Error(message), code === '' ? {} : { code });
	const baseUrl = 'Check the base URL in the account.';
	if (code === PRIVATE_ADDRESS) {
		return new InvalidParams(`The base URL leads to a private address (${message}).`, { cause, advice: 'If that is meant, for instance for a simulator, switch on "Allow Private Addresses" in the account.' });
	}
	if (proxied && !sent) return new Unreachable(`No connection through the proxy can be made (${code === '' ? message.slice(0, 100) : code}).`, { cause, effect, retryable: true, advice: 'Check the proxy in the account.' });
	if (code === 'ENOTFOUND' || code === 'ENODATA') return new Unreachable(`There is no server with the name ${host}.`, { cause, effect, advice: `${baseUrl} If it is right, check this machine's connection to the internet.` });
	if (code === 'EAI_AGAIN') return new Unreachable(`The name ${host} cannot be resolved at the moment.`, { cause, effect, retryable: true, advice: 'Check this machine\'s connection to the internet.' });
	if (code === 'ECONNREFUSED') return new Unreachable(`${host} refuses the connection.`, { cause, effect, retryable: true, advice: `${baseUrl} If it is right, try again later.` });
	if (code === 'UND_ERR_CONNECT_TIMEOUT') return new Unreachable(`${host} does not answer to a connection.`, { cause, effect: 'none', retryable: true, advice: `${baseUrl} If it is right, try again later.` });
	if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ENETDOWN') return new Unreachable(`There is no way to ${host} through the network.`, { cause, effect, retryable: true, advice: 'Check this machine\'s connection to the internet.' });
	if (!sent && isCertificate(code)) return new Unreachable(`The certificate of ${host} cannot be trusted (${code}).`, { cause, effect, advice: 'Check the base URL and the clock of this machine; for a certificate of your own, give its authority in the account\'s TLS settings.' });
	if (!sent && isHandshake(code)) return new Unreachable(`No secure connection to ${host} can be made (${code}).`, { cause, effect, advice: 'Check whether the base URL should begin with http:// or name another port.' });
	if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR_FORMAT') || code.startsWith('ERR_PADDING')) {
		return new UnexpectedAnswer(`The answer of ${host} is damaged: it cannot be decompressed.`, { cause, effect: 'unknown', retryable: true, advice: 'Try again.' });
	}
	if (code.startsWith('HPE_') || (error as Error).name === 'HTTPParserError') return new UnexpectedAnswer(`${host} does not answer as a web server does.`, { cause, effect, advice: baseUrl });
	return new Unreachable(sent ? `The connection to ${host} broke off before the answer was complete.` : `No connection to ${host} can be made${code === '' ? '' : ` (${code})`}.`, { cause, effect, retryable: true, advice: 'Try again.' });
}
