/**
 * What ends before a timer of so many milliseconds that begins with it. On a busy machine both are late, so the machine
 * decides nothing. @throws if the timer is first
 */
export async function beforeTimer<T>(ms: number, work: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`It had not ended when a timer of ${ms} ms did.`)), ms);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}
