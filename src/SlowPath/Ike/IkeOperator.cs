using Appliance.Ike;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Ike;

/// <summary>What operators asked for and is not answered yet. Loop.</summary>
internal sealed class IkeOperator
{
    private const int MostRequests = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Dictionary<ulong, TaskCompletionSource<string?>> waiting = [];
    private ulong last;

    /// <summary>Asks, and waits for the answer.</summary>
    /// <exception cref="RefusedException">It could not be done, or nobody answered in time.</exception>
    public async Task<bool> AskAsync(Func<ulong, IkeEvent> question, string name, Action<IkeEvent> raise)
    {
        if (waiting.Count >= MostRequests) throw new RefusedException("too many requests wait for IKE", "try again", 503);
        var request = ++last;
        var answer = waiting[request] = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            raise(question(request));
            if (await answer.Task.WaitAsync(Patience) is { } problem) throw new RefusedException(problem, "GET /ike shows peers and what became of their last attempts", 422);
            return true;
        }
        catch (TimeoutException)
        {
            throw new RefusedException($"no answer about {name} in {Patience.TotalSeconds:0} s: IKE still tries", "GET /ike shows how far it is", 504);
        }
        finally
        {
            waiting.Remove(request);
        }
    }

    /// <summary>The machine's answer.</summary>
    public void Answer(AnswerOperator answer)
    {
        if (waiting.TryGetValue(answer.Request, out var request)) request.TrySetResult(answer.Problem);
    }
}
