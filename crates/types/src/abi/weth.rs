//! WETH9: ether as an ERC-20. Plain transfers and unknown selectors deposit.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IWETH {
        event Approval(address indexed src, address indexed guy, uint256 wad);
        event Deposit(address indexed dst, uint256 wad);
        event Transfer(address indexed src, address indexed dst, uint256 wad);
        event Withdrawal(address indexed src, uint256 wad);

        fallback() external payable;

        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address guy, uint256 wad) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
        function decimals() external view returns (uint8);
        function deposit() external payable;
        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function totalSupply() external view returns (uint256);
        function transfer(address dst, uint256 wad) external returns (bool);
        function transferFrom(address src, address dst, uint256 wad) external returns (bool);
        function withdraw(uint256 wad) external;
    }
}
