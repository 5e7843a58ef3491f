//! EigenLayer's EigenStrategy: the strategy of bEIGEN, which takes and pays EIGEN too.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IEigenStrategy {
        event ExchangeRateEmitted(uint256 rate);
        event Paused(address indexed account, uint256 newPausedStatus);
        event StrategyTokenSet(address token, uint8 decimals);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error BalanceExceedsMaxTotalDeposits();
        error CurrentlyPaused();
        error InputAddressZero();
        error InvalidNewPausedStatus();
        error MaxPerDepositExceedsMax();
        error NewSharesZero();
        error OnlyPauser();
        error OnlyStrategyManager();
        error OnlyUnderlyingToken();
        error OnlyUnpauser();
        error TotalSharesExceedsMax();
        error WithdrawalAmountExceedsTotalDeposits();

        function EIGEN() external view returns (address);
        function beforeAddShares(address, uint256) external;
        function beforeRemoveShares(address, uint256) external;
        function deposit(address token, uint256 amount) external returns (uint256 newShares);
        function explanation() external pure returns (string memory);
        function initialize(address _EIGEN, address _bEIGEN) external;
        function initialize(address _underlyingToken) external;
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function shares(address user) external view returns (uint256);
        function sharesToUnderlying(uint256 amountShares) external view returns (uint256);
        function sharesToUnderlyingView(uint256 amountShares) external view returns (uint256);
        function strategyManager() external view returns (address);
        function totalShares() external view returns (uint256);
        function underlyingToShares(uint256 amountUnderlying) external view returns (uint256);
        function underlyingToSharesView(uint256 amountUnderlying) external view returns (uint256);
        function underlyingToken() external view returns (address);
        function unpause(uint256 newPausedStatus) external;
        function userUnderlying(address user) external returns (uint256);
        function userUnderlyingView(address user) external view returns (uint256);
        function withdraw(
            address recipient,
            address token,
            uint256 amountShares
        ) external returns (uint256 amountOut);
    }
}
