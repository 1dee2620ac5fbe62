/**
 * What devices say to a command, in their own words, which the platform passes on as they are (2.6). The documents
 * print one sentence. The others are what trackers of the same family say: the GT06 protocol ("DYD", "HFYD"), manuals,
 * logs of working programs, and the firmware that has the printed sentence and its twins in Chinese, Spanish and
 * German.
 */

/** How a device answers. 'document': as the documents print it. */
export const ANSWER_KINDS = [
	'document',
	'failure',
	'ok',
	'echoOk',
	'gt06',
	'already',
	'speedLimit',
	'delayed',
	'tooFast',
	'noFix',
	'noFixDelayed',
	'wrongPassword',
	'unsupported',
	'error',
	'unknownCommand',
	'timeout',
	'chinese',
	'chineseDelayed',
	'spanish',
	'spanishDelayed',
	'german',
	'germanDelayed',
	'otherCommand',
	'wordless',
] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

export interface DeviceAnswer {
	text: string;
	/** Whether the device does it now. One that delays a cut does it when the vehicle is slow or its place is known. */
	carriesOut: boolean;
}

/** Km/h above which a tracker does not cut the fuel supply. */
const SAFE_SPEED = 20;

type Texts = (speed: number) => Readonly<Record<string, string>>;

const DOCUMENT: Texts = (speed) => ({
	'RELAY,1': `Cut off the fuel supply: Success! Speed: ${speed}km/h.`,
	'RELAY,0': 'Restore fuel supply: Success!',
	RESET: 'Reset: Success!',
	LOCKDOOR: 'Lock door: Success!',
	UNLOCKDOOR: 'Unlock door: Success!',
	SET_MILEAGE: 'Set mileage: Success!',
});

/** Commands a device can be told, and the platform takes. */
export const COMMANDS: ReadonlySet<string> = new Set(Object.keys(DOCUMENT(0)));

/** The command that undoes another. */
const OPPOSITE: Readonly<Record<string, string>> = {
	'RELAY,1': 'RELAY,0',
	'RELAY,0': 'RELAY,1',
	LOCKDOOR: 'UNLOCKDOOR',
	UNLOCKDOOR: 'LOCKDOOR',
	RESET: 'RELAY,0',
	SET_MILEAGE: 'RESET',
};

const done = (text: string): DeviceAnswer => ({ text, carriesOut: true });
const notDone = (text: string): DeviceAnswer => ({ text, carriesOut: false });

/** A sentence for either command of the relay; other commands get the documents' words. */
const relay = (cut: string, restore: string) => (command: string, speed: number) =>
	done(command === 'RELAY,1' ? cut : command === 'RELAY,0' ? restore : DOCUMENT(speed)[command]!);
/** Only a cut can be delayed or forbidden by the speed. */
const cutOnly = (text: (speed: number) => string) => (command: string, speed: number) =>
	command === 'RELAY,1' ? notDone(text(Math.max(speed, SAFE_SPEED + 25))) : done(DOCUMENT(speed)[command]!);
const refusal = (text: string) => () => notDone(text);
/** "RELAY" of "RELAY,1". */
const wordOf = (command: string) => command.split(',')[0]!;

const KINDS: Readonly<Record<AnswerKind, (command: string, speed: number) => DeviceAnswer>> = {
	document: (command, speed) => done(DOCUMENT(speed)[command]!),
	failure: (command) => notDone(DOCUMENT(62)[command]!.replace('Success', 'Fail')),
	ok: () => done('OK'),
	echoOk: (command) => done(`${wordOf(command)}:OK`),
	gt06: (command) =>
		done(command === 'RELAY,1' ? 'DYD=Success!' : command === 'RELAY,0' ? 'HFYD=Success!' : `${command}=Success!`),
	already: (command, speed) =>
		command === 'RELAY,1'
			? notDone('Already in the state of fuel supply cut off, the command is not running!')
			: command === 'RELAY,0'
				? notDone('Already in the state of fuel supply to resume, the command is not running!')
				: done(DOCUMENT(speed)[command]!),
	speedLimit: cutOnly((speed) => `DYD=Speed Limit, Speed:${speed}km/h`),
	delayed: cutOnly((speed) => `Cut off the fuel supply: Delay! speed limit: ${speed}km/h.`),
	tooFast: cutOnly(() => `Speed is too high, it will be cut off when the speed is below ${SAFE_SPEED}km/h`),
	noFix: cutOnly(() => 'DYD=Unvalued Fix'),
	noFixDelayed: cutOnly(() => 'GPS not fixed, Cut off the fuel supply operation delay execution!'),
	wrongPassword: refusal('Password error!'),
	unsupported: refusal('Command not support'),
	error: refusal('ERROR: 102'),
	unknownCommand: refusal('Unknown command'),
	timeout: refusal('Timeout'),
	chinese: relay('切断油电成功！速度：0公里/时', '恢复油电成功！'),
	chineseDelayed: cutOnly((speed) => `速度超限：${speed}公里/时，切断油电延后执行！`),
	spanish: relay(
		'Corte del suministro de combustible realizado con exito! Velocidad: 0km/h.',
		'El suministro de combustible se ha restablecido con exito!',
	),
	spanishDelayed: cutOnly(() => 'Sin adquirir posicion GPS!!!  El comando de corte se ejecutara posteriormente.'),
	german: relay('Ausgang erfolgreich geschaltet! Geschwindigkeit: 0km/h', 'Ausgang abgeschaltet!'),
	germanDelayed: cutOnly((speed) => `Geschwindigkeit zu hoch: ${speed}Km/h Ausgang wird verzoegert geschaltet.`),
	otherCommand: (command, speed) => notDone(DOCUMENT(speed)[OPPOSITE[command]!]!),
	wordless: refusal(''),
};

export const deviceAnswer = (kind: AnswerKind, command: string, speed: number): DeviceAnswer =>
	KINDS[kind](command, speed);
