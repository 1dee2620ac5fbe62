import type { SharedLogin } from '../call/account';
import type { Client } from '../call/client';
import { shown } from '../describe/field';
import { inWords, isAhead, isSameOffset } from '../describe/time';

/** After this many new times in a row that are behind by the same, it is a clock that is. */
const CONSTANT_TIMES = 3;
/** A vendor may take some minutes until it returns a report. A wrong time zone is a quarter of an hour at least. */
const BEHIND_SECONDS = 900;
/** Most devices that are named at once, and of which it is known that they have been. */
const NAMES = 5;
const MOST_SAID = 1000;

/** What is known of an account's clocks in this process. */
interface Known {
	/** Newest time that did not lie in the future, and when the fleet was read last. */
	newest: number;
	readAt: number;
	/** By how much the newest times were behind when they were first read, and how many in a row were. */
	behind: number;
	times: number;
	/** What has been said: each once. */
	readonly said: Set<string>;
}
const accounts = new WeakMap<SharedLogin, Known>();

/** A poll that has read the fleet's latest times. */
interface Reader {
	/** Seconds. */
	readonly now: number;
	readonly client: Pick<Client, 'warn'> & {
		readonly shared: SharedLogin;
		readonly provider: Pick<Client['provider'], 'title'>;
	};
}

/**
 * Warns once where a clock is wrong: that of the vendor or of this machine, or those of some devices.
 * @param times the newest time of each device, by its own clock, in seconds
 */
export function noteClocks({ now, client }: Reader, times: ReadonlyMap<string, number | undefined>): void {
	let known = accounts.get(client.shared);
	if (known === undefined)
		accounts.set(client.shared, (known = { newest: 0, readAt: now, behind: 0, times: 0, said: new Set() }));
	const { said } = known;
	const say = (name: string, words: string) => {
		if (!said.has(name)) client.warn(words);
		said.add(name);
	};
	const all = [...times].filter((one): one is [string, number] => one[1] !== undefined);
	const ahead = all.filter(([, at]) => isAhead(at, now));
	// A single device may have a clock of its own.
	const most = ahead.length > 1 && ahead.length * 2 > all.length;
	if (most) {
		const least = ahead.reduce((nearest, [, at]) => Math.min(nearest, at - now), Infinity);
		say('ahead', offset(client.provider.title, least, 'ahead of'));
	} else {
		const names = ahead.map(([device]) => device).filter((device) => !said.has(`device ${device}`));
		const room = Math.max(0, MOST_SAID - said.size);
		if (names.length > 0 && room > 0) client.warn(ofDevices(names));
		// A vendor may make up names without end.
		for (const name of names.slice(0, room)) said.add(`device ${name}`);
	}
	const newest = all.reduce((latest, [, at]) => (isAhead(at, now) ? latest : Math.max(latest, at)), 0);
	if (newest > known.newest && !most) {
		const behind = now - newest;
		// It was dated before the last read, and was not there then.
		const wrong = known.newest > 0 && newest < known.readAt - BEHIND_SECONDS;
		known.times = !wrong ? 0 : isSameOffset(behind, known.behind) ? known.times + 1 : 1;
		Object.assign(known, { newest, behind });
		if (known.times >= CONSTANT_TIMES) say('behind', offset(client.provider.title, behind, 'behind'));
	}
	known.readAt = now;
}

const offset = (vendor: string, seconds: number, direction: string) =>
	`${vendor}'s times are about ${inWords(seconds)} ${direction} this machine's clock. Check that clock, and the time zone in the account if it has one.`;

function ofDevices(devices: readonly string[]): string {
	const more = devices.length > NAMES ? ` and ${String(devices.length - NAMES)} more` : '';
	const names = devices.slice(0, NAMES).map(shown).join(', ') + more;
	const [clocks, them] = devices.length === 1 ? ['clock', 'it reports'] : ['clocks', 'they report'];
	return `The ${clocks} of ${names} ${devices.length === 1 ? 'is' : 'are'} ahead: what ${them} is dated in the future. Events that are dated so are marked as doubtful.`;
}
