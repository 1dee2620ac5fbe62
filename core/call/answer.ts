import { FleetError, RateLimited, UnexpectedAnswer, VendorFault, type FleetErrorDetails } from '../describe/errors';
import type { WireAnswer } from '../describe/host';
import { inWords } from '../describe/time';
import { parsed } from './json';

/**
 * Seconds or a date in a Retry-After header, as milliseconds; undefined if it is neither. A date is by the server's
 * clock, which its Date header tells.
 */
export function retryAfterOf({ headers }: WireAnswer, now = Date.now()): number | undefined {
	const value = headers['retry-after']?.trim() ?? '';
	const here = Date.parse(headers.date ?? '');
	// Not all that JavaScript takes for a number or a date is one.
	const ms = /^\d+(\.\d+)?$/.test(value)
		? Number(value) * 1000
		: /^([a-z]{3,9}\b|\d{4}-\d)/i.test(value)
			? Date.parse(value) - (Number.isNaN(here) ? now : here)
			: NaN;
	return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** How to say that the vendor asked for a pause, if it did. */
export const pauseIn = (answer: WireAnswer): string => {
	const ms = retryAfterOf(answer);
	return ms === undefined || ms === 0 ? '' : `, and asks for a pause of ${inWords(ms / 1000)}`;
};

/** What a server in front of the vendor, or the vendor's own framework, may write; never a page to look at. */
const XML = /^<(?:\?xml(?!.*<html)|(?!!|html|head|body|center|h\d|p\b|div)[a-z][\w:.-]*[\s>])/s;

/**
 * The JSON of an answer.
 * @throws RateLimited (429), VendorFault (5xx), UnexpectedAnswer (redirect, web page, cut-off or other text), TooLarge,
 * each with effect 'unknown': none of them says whether the request was carried out.
 */
export function jsonOf(answer: WireAnswer, vendor: string): unknown {
	const { status, body } = answer;
	// No vendor documents these without a code of its own.
	const unexplained = status === 401 || status === 403;
	const common = { status, effect: 'unknown' as const, unexplained };
	if (status === 429) {
		throw new RateLimited(`${vendor} answered that too many requests are made (HTTP 429)${pauseIn(answer)}.`, {
			...common,
			retryable: true,
			retryAfterMs: retryAfterOf(answer),
			advice: 'Run it less often, or lower the rate limit in the account.',
		});
	}
	if (status >= 500) {
		throw new VendorFault(`${vendor} has a fault (HTTP ${String(status)}).`, {
			...common,
			retryable: true,
			retryAfterMs: retryAfterOf(answer),
			advice: 'Try again later.',
		});
	}
	if (status >= 300 && status < 400) {
		throw new UnexpectedAnswer(
			`${vendor} sent us on to another address (HTTP ${String(status)}), which is not followed.`,
			{ ...common, advice: 'Check the base URL in the account, and whether it should begin with https.' },
		);
	}
	try {
		return parsed(body, vendor);
	} catch (error) {
		throw error instanceof FleetError ? error : notJson(answer, vendor, common);
	}
}

/** What the parser says is left out: it quotes the text around the fault, which may cut a secret in two. */
function notJson({ status, body }: WireAnswer, vendor: string, common: FleetErrorDetails): FleetError {
	const start = body.trimStart().slice(0, 200).toLowerCase();
	if (start.startsWith('<')) {
		const what = XML.test(start) ? 'XML' : 'A web page';
		return new UnexpectedAnswer(`${what} came instead of ${vendor}'s data (HTTP ${String(status)}).`, {
			...common,
			retryable: true,
			advice: 'Check the base URL in the account, and whether a proxy or firewall stands in between.',
		});
	}
	const what =
		start === ''
			? 'an empty answer'
			: start.startsWith('{') || start.startsWith('[')
				? 'an answer that breaks off or is damaged'
				: 'an answer that is not JSON';
	return new UnexpectedAnswer(`${vendor} sent ${what} (HTTP ${String(status)}).`, {
		...common,
		retryable: true,
		advice: 'Try again. If the problem persists, check the base URL in the account.',
	});
}
