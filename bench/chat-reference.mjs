/*
 * The honest simple thing beside a bot: a process that imports the same client library, logs in, and acknowledges whatever
 * command comes, and nothing else. Usage: node bench/chat-reference.mjs discord <api> <token>
 * or: node bench/chat-reference.mjs slack <api> <bot token> <app token>
 */
const [platform = '', api = '', token = '', appToken = ''] = process.argv.slice(2);

if (platform === 'discord') {
  const { Client, Events, MessageFlags } = await import('discord.js');
  const client = new Client({ intents: [], rest: { api } });
  client.on(Events.InteractionCreate, (interaction) => {
    if (interaction.isChatInputCommand()) void interaction.deferReply({ flags: MessageFlags.Ephemeral });
  });
  await client.login(token);
} else {
  const { App } = await import('@slack/bolt');
  const app = new App({ token, appToken, socketMode: true, clientOptions: { slackApiUrl: api } });
  app.command(/^\//, ({ ack }) => ack());
  await app.start();
}
