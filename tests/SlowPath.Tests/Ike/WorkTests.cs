using Appliance.Crypto;
using Appliance.Ike;
using Appliance.SlowPath.Ike;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Ike;

public sealed class WorkTests
{
    [Fact]
    public async Task BothSidesOfAKeyExchangeAgree()
    {
        using var work = new IkeWork(new SlowSigner(), new IkeCounters(), () => { }, NullLogger.Instance);
        work.Add(new BeginKeyExchange(1, KeyExchangeMethod.Curve25519));
        var begun = Assert.IsType<KeyExchangeBegun>(await Result(work));
        work.Add(new AnswerKeyExchange(2, KeyExchangeMethod.Curve25519, begun.Exchange.PublicValue));
        var answered = Assert.IsType<SharedSecretComputed>(await Result(work));
        work.Add(new CompleteKeyExchange(3, begun.Exchange, answered.PublicValue));
        var completed = Assert.IsType<SharedSecretComputed>(await Result(work));
        Assert.Equal((1ul, 2ul, 3ul), (begun.Token, answered.Token, completed.Token));
        Assert.True(completed.Secret!.Octets.SequenceEqual(answered.Secret!.Octets));
    }

    [Fact]
    public async Task BadValueIsAnAnswerWithoutSecret()
    {
        using var work = new IkeWork(new SlowSigner(), new IkeCounters(), () => { }, NullLogger.Instance);
        work.Add(new AnswerKeyExchange(7, KeyExchangeMethod.Curve25519, new byte[32]));
        Assert.Null(Assert.IsType<SharedSecretComputed>(await Result(work)).Secret);
    }

    [Fact]
    public async Task WorkThatThrowsComesBackRefused()
    {
        using var work = new IkeWork(new SlowSigner(), new IkeCounters(), () => { }, NullLogger.Instance);
        work.Add(new BeginKeyExchange(9, (KeyExchangeMethod)9999));
        Assert.Equal(9ul, Assert.IsType<WorkRefused>(await Result(work)).Token);
    }

    [Fact]
    public async Task FullQueueRefusesHalfOpenWorkAndTakesThatOfPeers()
    {
        var counters = new IkeCounters();
        using var signer = new SlowSigner();
        using var work = new IkeWork(signer, counters, () => { }, NullLogger.Instance);
        try
        {
            // All threads are busy now, and stay so.
            for (ulong i = 0; i < 4; i++) work.Add(new MakeSignature(i, "slow", [], []));
            await Waiting.For(() => signer.Busy == Math.Min(Environment.ProcessorCount, 4), "the threads");
            for (ulong i = 0; i < IkeWork.HalfOpenCapacity; i++) work.Add(new BeginKeyExchange(100 + i, KeyExchangeMethod.Curve25519) { HalfOpen = true });
            Assert.False(work.TryTake(out _));
            work.Add(new BeginKeyExchange(5000, KeyExchangeMethod.Curve25519) { HalfOpen = true });
            Assert.True(work.TryTake(out var refused));
            Assert.Equal(5000ul, Assert.IsType<WorkRefused>(refused).Token);
            Assert.Equal(1, counters[IkeCount.WorkRefused]);
            work.Add(new BeginKeyExchange(6000, KeyExchangeMethod.Curve25519));
            Assert.False(work.TryTake(out _));
        }
        finally
        {
            signer.Release();
        }
    }

    private static async Task<WorkDone> Result(IkeWork work)
    {
        WorkDone result = null!;
        await Waiting.For(() => work.TryTake(out result), "a result");
        return result;
    }

    private sealed class SlowSigner : IIkeSigner, IDisposable
    {
        private readonly ManualResetEventSlim gate = new();
        private int busy;

        public int Busy => Volatile.Read(ref busy);

        public void Release() => gate.Set();

        public void Dispose() => gate.Set();

        public SignatureMade Sign(MakeSignature work)
        {
            Interlocked.Increment(ref busy);
            gate.Wait();
            return new SignatureMade(work.Token, 0, null);
        }

        public SignatureVerified Verify(VerifySignature work) => new(work.Token, "nobody");
    }
}
