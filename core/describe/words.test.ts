import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipped, plain } from './words';

/** What makes a terminal, a page or a reader see something else than words. */
const LIVE =
	/[\p{Cc}<>&\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF0-\uFFFB\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0\uFE00-\uFE0E\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0100}-\u{E01EF}]/u;

const signs = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.string({ unit: 'grapheme' }),
	fc.string({
		unit: fc.constantFrom(
			'<',
			'>',
			'&',
			'a',
			';',
			'#',
			'\u001b',
			'[',
			'\r',
			'\n',
			'\t',
			'\u0000',
			'\u009b',
			'\u202e',
			'\u2066',
			'\u2069',
			'\u200b',
			'\u200c',
			'\u200d',
			'\u2028',
			'\ufeff',
			'\ufe0f',
			'\u3164',
			'\u034f',
			'\u{e0100}',
			'\u{e0041}',
			'\ud83d',
			'🏴',
			'👩',
			'ب',
			'क',
			'्',
		),
	}),
);

test('nothing that is not words is left of any text, and once is enough', () => {
	fc.assert(
		fc.property(signs, (text) => {
			const shown = plain(text);
			expect(shown).not.toMatch(LIVE);
			expect(shown.length).toBeLessThanOrEqual(text.length);
			expect(plain(shown)).toBe(shown);
		}),
		{ numRuns: 5000 },
	);
});

test('a part of a text is the same within the whole, so that a secret is found in it', () => {
	fc.assert(
		fc.property(
			fc.string({ unit: 'grapheme-ascii' }),
			fc.string({ unit: fc.constantFrom('<', '&', '"', 'ä', ' ', '\n', '\\', '7') }),
			fc.string({ unit: 'grapheme-ascii' }),
			(before, secret, after) => {
				expect(plain(before + secret + after)).toBe(plain(before) + plain(secret) + plain(after));
			},
		),
	);
});

describe('words are left as they are', () => {
	test.each([
		'The vendor is down for maintenance, until 12:30 (50 %).',
		'Fahrzeug „Übergröße“ – naïve façade, Zażółć gęślą jaźń, İstanbul, Đường',
		'Δεν βρέθηκε · Устройство не найдено · ՀԱՅԵՐԵՆ · ქართული',
		'המכשיר לא מחובר · الجهاز غير متصل · نمی‌خواهم',
		'डिवाइस ऑफ़लाइन है · क्‍ष · ক্ষ · ශ්‍රී · ဗမာ · ភាសាខ្មែរ · ไทย · བོད་སྐད',
		'设备离线 · デバイスがオフラインです · 기기가 오프라인입니다',
		'🚚 👩‍🚒 👨‍👩‍👧‍👦 🧑🏽‍🔧 ❤️ 🏳️‍🌈 🇷🇴 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣',
	])('%s', (text) => expect(plain(text)).toBe(text));
});

test.each([
	[
		'Session over. <a href="https://evil.example">Log in</a>',
		'Session over. ‹a href="https://evil.example"›Log in‹/a›',
	],
	['&lt;b&gt; R&D', '＆lt;b＆gt; R＆D'],
	['ok\u001b[2J\u001b]0;pwned\u0007\r\n26 Nov - [info]', 'ok [2J ]0;pwned   26 Nov - [info]'],
	['a\u2028b\u0085c', 'a b c'],
	['invoice\u202Efdp.exe', 'invoicefdp.exe'],
	['pass\u200bword\u200d\ufeff\u00ad', 'password'],
	['hidden\u{e0041}\u{e0042}', 'hidden'],
	// Signs that are never seen hide words from whoever searches for them.
	['pass\u034fwo\u3164rd', 'password'],
	['\u115fpa\u1160ss\uffa0', 'pass'],
	['p\ufe00a\ufe0fs\u{e0100}s', 'pass'],
	['p\u{1d173}a\u{1bca0}s\ufff0s\u17b4', 'pass'],
	['sun ☀\ufe0f and heart ❤\ufe0f\ufe0f', 'sun ☀\ufe0f and heart ❤\ufe0f'],
])('%j is shown as %j', (text, shown) => expect(plain(text)).toBe(shown));

test('a cut goes through no character', () => {
	expect(clipped('🚚🚚🚚', 4)).toBe('🚚…');
	expect(clipped('🚚🚚🚚', 5)).toBe('🚚🚚…');
	expect(clipped('🚚🚚', 4)).toBe('🚚🚚');
	expect(clipped('a🚚bc', 3)).toBe('a…');
	expect(clipped('abc🚚', 4)).toBe('abc…');
});
