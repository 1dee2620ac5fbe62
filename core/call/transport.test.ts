import { expect, test } from 'vitest';
import { transportError } from './transport';

const trust = 'Trust it.';

test.each([
	['ENOTFOUND', false, 'Unreachable', 'none', /no server with the name/],
	['ECONNREFUSED', true, 'Unreachable', 'none', /refuses the connection/],
	['ENETDOWN', true, 'Unreachable', 'unknown', /no way to/],
	['CERT_HAS_EXPIRED', true, 'Unreachable', 'none', /certificate .* cannot be trusted/],
	['ERR_SSL_WRONG_VERSION_NUMBER', true, 'Unreachable', 'none', /No secure connection/],
	['ERR_SSL_BAD_RECORD_MAC', true, 'Unreachable', 'unknown', /broke off/],
	['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', true, 'Unreachable', 'unknown', /broke off/],
	['ERR_SSL_CIPHER_OPERATION_FAILED', true, 'Unreachable', 'unknown', /broke off/],
	['ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC', true, 'Unreachable', 'unknown', /broke off/],
	['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', true, 'Unreachable', 'unknown', /broke off/],
	['ERR_SSL_APPLICATION_DATA_AFTER_CLOSE_NOTIFY', true, 'Unreachable', 'unknown', /broke off/],
	['Z_DATA_ERROR', true, 'UnexpectedAnswer', 'unknown', /cannot be decompressed/],
	['HPE_INVALID_CONSTANT', true, 'UnexpectedAnswer', 'unknown', /as a web server does/],
	['ETIMEDOUT', true, 'TimedOut', 'unknown', /did not answer in time/],
	['ETIMEDOUT', false, 'TimedOut', 'none', /could not be reached in time/],
	['ECONNRESET', true, 'Unreachable', 'unknown', /broke off/],
	['', false, 'Unreachable', 'none', /No connection to/],
] as const)('%s (sent: %s)', (code, sent, kind, effect, words) => {
	const error = transportError(code, 'vendor.example', { sent, trust });
	expect([error.code, error.effect]).toEqual([kind, effect]);
	expect(error.message).toMatch(words);
	expect(error.advice).not.toBe('');
});
