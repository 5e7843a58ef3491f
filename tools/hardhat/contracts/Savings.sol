// SPDX-License-Identifier: MIT OR Apache-2.0
// What a user of the protocol might write: takes tokens and restakes them in its own name. Compiled and deployed by
// every client that `cargo xtask e2e clients` drives; not part of the chain.
pragma solidity ^0.8.20;

interface IToken {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
}

interface IStrategyManager {
    function depositIntoStrategy(address strategy, address token, uint256 amount) external returns (uint256 shares);
    function stakerDepositShares(address staker, address strategy) external view returns (uint256 shares);
}

contract Savings {
    /// Least amount of tokens that is worth the gas.
    uint256 public constant LEAST = 1 ether;

    IStrategyManager public immutable manager;
    address public immutable strategy;
    IToken public immutable token;
    mapping(address => uint256) public sharesOf;

    event Saved(address indexed who, uint256 amount, uint256 shares);

    error TooLittle(uint256 amount, uint256 least);

    constructor(IStrategyManager manager_, address strategy_, IToken token_) {
        manager = manager_;
        strategy = strategy_;
        token = token_;
    }

    /// Restakes tokens of the caller, who has approved them.
    function save(uint256 amount) external returns (uint256 shares) {
        if (amount < LEAST) revert TooLittle(amount, LEAST);
        token.transferFrom(msg.sender, address(this), amount);
        token.approve(address(manager), amount);
        shares = manager.depositIntoStrategy(strategy, address(token), amount);
        sharesOf[msg.sender] += shares;
        emit Saved(msg.sender, amount, shares);
    }

    /// All shares as the protocol has them.
    function total() external view returns (uint256) {
        return manager.stakerDepositShares(address(this), strategy);
    }
}
