import { ButtonStyle, ComponentType, MessageFlags, TextInputStyle, type Interaction } from 'discord.js';
import { expect, test } from 'vitest';
import { scene } from './discord/harness.ts';

const COMMANDS = [
  {
    name: 'reeve',
    description: 'Operations',
    options: [
      {
        type: 1,
        name: 'deploy',
        description: 'Deploy a project',
        options: [
          { type: 3, name: 'project', description: 'Which', required: true, autocomplete: true },
          { type: 5, name: 'force', description: 'Without asking', required: false },
        ],
      },
    ],
  },
];

const button = (custom_id: string, label: string): object => ({
  type: ComponentType.Button,
  style: ButtonStyle.Primary,
  custom_id,
  label,
});

test('a command, its acknowledgement, an edit, a button and a modal go through the real client', async () => {
  const handle = async (interaction: Interaction): Promise<void> => {
    if (interaction.isChatInputCommand()) {
      await interaction.deferReply();
      await interaction.editReply({
        content: `plan for ${interaction.options.getString('project', true)}`,
        components: [{ type: 1, components: [button('go', 'Deploy'), button('no', 'Cancel')] } as never],
      });
    } else if (interaction.isButton()) {
      await interaction.showModal({
        custom_id: 'confirm',
        title: 'Type the name',
        components: [
          {
            type: ComponentType.Label,
            label: 'Environment',
            component: { type: ComponentType.TextInput, custom_id: 'env', style: TextInputStyle.Short },
          },
        ],
      });
    } else if (interaction.isModalSubmit() && interaction.isFromMessage()) {
      await interaction.update({
        content: `going to ${interaction.fields.getTextInputValue('env')}`,
        components: [],
      });
      await interaction.followUp({ content: 'only you see this', flags: MessageFlags.Ephemeral });
    }
  };
  const { discord, client, app, guild, ops, ada, errors } = await scene(handle);
  await client.application?.commands.set(COMMANDS, guild.id);

  const turn = await ada.slash(ops, '/reeve deploy', { project: 'shop' });
  expect(turn.notice).toBeUndefined();
  const message = await turn.reply();
  expect(message.content).toBe('plan for shop');
  expect(ada.sees(ops)).toEqual([message]);

  const asked = await ada.click(message, 'Deploy');
  expect(asked.modal?.title).toBe('Type the name');
  const sent = await ada.submit(asked, { Environment: 'prod' });
  expect(errors).toEqual([]);
  expect(sent.message).toBe(message);
  expect(message.content).toBe('going to prod');
  expect(message.history.map(({ content }) => content)).toEqual(['', 'plan for shop']);
  expect((await sent.followup()).ephemeralFor).toBe(ada.id);
  const bob = discord.addMember(guild, 'bob');
  expect(bob.sees(ops)).toEqual([message]);
  expect(app.commands.get(guild.id)).toHaveLength(1);
  discord.refusals.none();
});
