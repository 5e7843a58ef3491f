// SPDX-License-Identifier: MIT OR Apache-2.0
// A forge test that needs native contracts: forge's own EVM has none, so it asks the node (`vm.rpc`) and sends to it.
pragma solidity ^0.8.20;

interface Vm {
    function rpc(string calldata urlOrAlias, string calldata method, string calldata params)
        external
        returns (bytes memory data);
    function toString(address value) external pure returns (string memory);
    function toString(bytes calldata value) external pure returns (string memory);
}

contract NativeTest {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address constant TOKEN = 0xb000000000000000000000000000000000000f02;
    address constant ALICE = address(0xa11ce);

    function call(bytes memory input) private returns (bytes memory) {
        string memory request = string.concat('[{"to":"', vm.toString(TOKEN), '","data":"', vm.toString(input), '"},"latest"]');
        return vm.rpc("bulwark", "eth_call", request);
    }

    function balanceOfAlice() private returns (uint256) {
        return abi.decode(call(abi.encodeWithSignature("balanceOf(address)", ALICE)), (uint256));
    }

    function testReadsANativeContract() external {
        bytes memory symbol = call(abi.encodeWithSignature("symbol()"));
        require(bytes(abi.decode(symbol, (string))).length > 0, "no symbol");
    }

    function testSendsToANativeContract() external {
        uint256 before = balanceOfAlice();
        bytes memory input = abi.encodeWithSignature("mint(address,uint256)", ALICE, 7);
        string memory sender = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        vm.rpc(
            "bulwark",
            "eth_sendTransaction",
            string.concat('[{"from":"', sender, '","to":"', vm.toString(TOKEN), '","data":"', vm.toString(input), '"}]')
        );
        require(balanceOfAlice() == before + 7, "not minted");
    }
}
