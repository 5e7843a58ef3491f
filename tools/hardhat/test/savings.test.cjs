// What a user's own tests look like: hardhat's runner, signers of the node, chai matchers, a snapshot around each test.

const { expect } = require("chai");
const { ethers, network } = require("hardhat");

const ETHER = 10n ** 18n;
const STRATEGY = "0x1b4029dD81999F1baEAdb1A0d4D2f660363Fa95A";
const NO_SIGNATURE = { signature: "0x", expiry: 0 };
const send = (method, params = []) => network.provider.send(method, params);

describe("Savings", () => {
  let owner;
  let user;
  let savings;
  let token;
  let manager;
  let delegation;
  let clean;

  before(async () => {
    [owner, user] = await ethers.getSigners();
    const addresses = await send("restake_addresses");
    const native = async (name) => new ethers.Contract(addresses[name], await send("restake_abi", [name]), owner);
    token = await native("TestToken");
    manager = await native("StrategyManager");
    delegation = await native("DelegationManager");
    savings = await ethers.deployContract("Savings", [manager.target, STRATEGY, token.target]);
    await (await token.mint(user.address, 10n * ETHER)).wait();
    await (await token.connect(user).approve(savings.target, 10n * ETHER)).wait();
  });

  beforeEach(async () => (clean = await send("evm_snapshot")));
  afterEach(async () => expect(await send("evm_revert", [clean])).to.equal(true));

  it("restakes and tells of it, the native contract too", async () => {
    await expect(savings.connect(user).save(2n * ETHER))
      .to.emit(savings, "Saved")
      .withArgs(user.address, 2n * ETHER, 2n * ETHER)
      .and.to.emit(manager, "Deposit")
      .withArgs(savings.target, STRATEGY, 2n * ETHER);
    expect(await savings.total()).to.equal(2n * ETHER);
  });

  it("finds the state of the snapshot, not of the test before", async () => {
    expect(await savings.total()).to.equal(0n);
  });

  it("moves tokens", async () => {
    await expect(savings.connect(user).save(ETHER)).to.changeTokenBalance(token, user, -ETHER);
    await expect(user.sendTransaction({ to: owner.address, value: 5n })).to.changeEtherBalances(
      [user, owner],
      [-5n, 5n],
    );
  });

  it("reverts with a custom error of its own and with one of a native contract", async () => {
    await expect(savings.connect(user).save(5n))
      .to.be.revertedWithCustomError(savings, "TooLittle")
      .withArgs(5n, ETHER);
    await expect(
      delegation.connect(user).delegateTo(owner.address, NO_SIGNATURE, ethers.ZeroHash),
    ).to.be.revertedWithCustomError(delegation, "OperatorNotRegistered");
    await expect(token.connect(user).transfer(owner.address, 11n * ETHER)).to.be.reverted;
  });

  it("delegates to an operator", async () => {
    await delegation.connect(owner).registerAsOperator(ethers.ZeroAddress, 0, "https://operator.test");
    await expect(delegation.connect(user).delegateTo(owner.address, NO_SIGNATURE, ethers.ZeroHash))
      .to.emit(delegation, "StakerDelegated")
      .withArgs(user.address, owner.address);
  });

  it("travels in time and mines", async () => {
    const before = await ethers.provider.getBlock("latest");
    await send("evm_increaseTime", [3_600]);
    await send("hardhat_mine", ["0x10"]);
    const after = await ethers.provider.getBlock("latest");
    expect(after.number).to.equal(before.number + 16);
    expect(after.timestamp).to.be.at.least(before.timestamp + 3_600);
  });

  it("acts for an account without its key", async () => {
    const whale = "0x00000000219ab540356cBB839Cbe05303d7705Fa";
    await send("hardhat_setBalance", [whale, "0x8ac7230489e80000"]);
    const signer = await ethers.getImpersonatedSigner(whale);
    await expect(token.connect(signer).mint(whale, 3n)).to.emit(token, "Transfer");
    expect(await token.balanceOf(whale)).to.equal(3n);
  });
});
