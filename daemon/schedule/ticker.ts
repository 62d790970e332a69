/**
 * Calls `tick` once a second until stopped. node-cron is only the heartbeat, and runs in UTC: in a zone with daylight saving
 * version 4.6 skips or falls silent around the change. What is due is decided by `due()`. Never keeps the process alive.
 *
 * @returns stop.
 */
export async function startTicker(tick: () => void): Promise<() => Promise<void>> {
  const { schedule } = await import('node-cron');
  const task = schedule('* * * * * *', tick, {
    timezone: 'UTC',
    unref: true,
    // A missed second matters to nobody: the next one sees the same slots.
    suppressMissedWarning: true,
  });
  return async () => {
    await task.destroy();
  };
}
