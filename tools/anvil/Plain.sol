// SPDX-License-Identifier: MIT OR Apache-2.0
// One of each thing that an answer can hold: storage, an event, every kind of failure, a nested call. The same bytecode
// is deployed on both nodes by `cargo xtask e2e anvil`.
pragma solidity ^0.8.20;

contract Plain {
    uint256 public value;

    event Changed(address indexed by, uint256 value);

    error Refused(uint256 value, string why);

    function change(uint256 to) external returns (uint256) {
        value = to;
        emit Changed(msg.sender, to);
        return to;
    }

    function nested(uint256 to) external {
        this.change(to);
        try this.custom() {} catch {}
    }

    function custom() external pure {
        revert Refused(7, "because");
    }

    function text() external pure {
        require(false, "a reason");
    }

    function silent() external pure {
        require(false);
    }

    function panic(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }

    function now_() external view returns (uint256, uint256, uint256) {
        return (block.number, block.timestamp, block.basefee);
    }

    function endless() external pure {
        while (true) {}
    }
}
