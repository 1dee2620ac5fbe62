import type { Connection } from '../../core/describe/connection';
import type { SendOptions, SignedAnswer, WireRequest } from '../../core/describe/host';
import { FetchHost } from './fetch-host';
import { ODD, ODD_TEXTS, outermost, placesIn, withOdd } from './oddities';

/** In every list of records that the vendor sends, further elements that are none. */
export class OddHost<C extends Connection> extends FetchHost<C> {
	override async send(request: WireRequest, options: SendOptions): Promise<SignedAnswer> {
		const answer = await super.send(request, options);
		const body = outermost(placesIn(JSON.parse(answer.body))).reduce(
			(changed: unknown, place) => withOdd(changed, place, place.text ? ODD_TEXTS : ODD),
			JSON.parse(answer.body),
		);
		return { ...answer, body: JSON.stringify(body) };
	}
}
