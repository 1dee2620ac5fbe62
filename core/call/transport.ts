import { TimedOut, UnexpectedAnswer, Unreachable, type FleetError } from '../describe/errors';

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|_CRL|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/;
const HANDSHAKE = /^(EPROTO$|ERR_SSL_|ERR_TLS_)/;
/** What ends a secure connection that was up. */
const TORN = /^ERR_SSL_.*(RECORD_MAC|DECRYPTION|CIPHER_OPERATION|UNEXPECTED_EOF|AFTER_CLOSE)/;
/** Whether a connection was there, and only its security was not. */
export const isAboutTls = (code: string) => CERTIFICATE.test(code) || HANDSHAKE.test(code);
const DECOMPRESSION = /^(Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/;
const TIMED_OUT = new Set(['ETIMEDOUT', 'ECONNABORTED', 'ESOCKETTIMEDOUT']);

interface Circumstances {
	/** Whether the request may have left: from when it had a connection. */
	sent: boolean;
	/** Where this host lets a user trust another certificate authority, as a sentence. */
	trust: string;
	cause?: unknown;
}

const BASE_URL = 'Check the base URL in the account.';
const NETWORK = "Check this machine's connection to the internet.";

/**
 * Makes one of our errors of the code with which a socket, a TLS layer, a resolver or a decompressor gave up.
 * Messages avoid the names of socket errors: n8n puts words of its own in their place.
 */
export function transportError(code: string, host: string, { sent, trust, cause }: Circumstances): FleetError {
	const effect = sent ? ('unknown' as const) : ('none' as const);
	const unsent = (message: string, advice: string, retryable = true) =>
		new Unreachable(message, { cause, retryable, advice });
	switch (code) {
		case 'ENOTFOUND':
		case 'ENODATA':
			return unsent(`There is no server with the name ${host}.`, `${BASE_URL} If it is right: ${NETWORK}`, false);
		case 'EAI_AGAIN':
			return unsent(`The name ${host} cannot be resolved at the moment.`, NETWORK);
		case 'ECONNREFUSED':
			return unsent(`${host} refuses the connection.`, `${BASE_URL} If it is right, try again later.`);
		case 'UND_ERR_CONNECT_TIMEOUT':
			return unsent(`${host} does not answer to a connection.`, `${BASE_URL} If it is right, try again later.`);
		case 'EHOSTUNREACH':
		case 'ENETUNREACH':
		case 'ENETDOWN':
			// These also end a connection that was up.
			return new Unreachable(`There is no way to ${host} through the network.`, {
				cause,
				effect,
				retryable: true,
				advice: NETWORK,
			});
	}
	if (CERTIFICATE.test(code))
		return unsent(
			`The certificate of ${host} cannot be trusted (${code}).`,
			`Check the base URL and the clock of this machine. ${trust}`,
			false,
		);
	if (HANDSHAKE.test(code) && !(sent && TORN.test(code)))
		return unsent(
			`No secure connection to ${host} can be made (${code}).`,
			'Check whether the base URL should begin with http:// or name another port.',
			false,
		);
	if (DECOMPRESSION.test(code))
		return new UnexpectedAnswer(`The answer of ${host} is damaged: it cannot be decompressed.`, {
			cause,
			effect: 'unknown',
			retryable: true,
			advice: 'Try again.',
		});
	if (code.startsWith('HPE_'))
		return new UnexpectedAnswer(`${host} does not answer as a web server does.`, {
			cause,
			effect,
			advice: BASE_URL,
		});
	if (TIMED_OUT.has(code)) {
		return sent
			? new TimedOut(`${host} did not answer in time.`, {
					cause,
					effect,
					retryable: true,
					advice: 'Check whether the vendor works, and the base URL in the account.',
				})
			: new TimedOut(`${host} could not be reached in time.`, {
					cause,
					retryable: true,
					advice: `${BASE_URL} If it is right, try again later.`,
				});
	}
	return sent
		? new Unreachable(`The connection to ${host} broke off before the answer was complete.`, {
				cause,
				effect,
				retryable: true,
				advice: 'Try again.',
			})
		: unsent(`No connection to ${host} can be made${code === '' ? '' : ` (${code})`}.`, BASE_URL);
}
