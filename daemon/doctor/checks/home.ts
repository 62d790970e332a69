import { ok, warn, wrong, type Check } from '../check.ts';

export const home: Check = {
  name: 'home',
  part: 'here',
  async run(look) {
    if (!(await look.homeThere()))
      return [wrong(`there is none at ${look.home} yet`, 'reeve up, which makes it')];
    const { narrows, refused } = await look.homeFaults();
    return [
      ...refused.map((why) =>
        wrong(why, `Make ${look.home} and what is in it yours alone: chown and chmod -R go= it.`),
      ),
      ...narrows.map((why) => warn(why, `chmod -R go= ${look.home} (the next start does it, too)`)),
      ...(narrows.length + refused.length === 0 ? [ok(`${look.home} is this user's alone`)] : []),
    ];
  },
};
