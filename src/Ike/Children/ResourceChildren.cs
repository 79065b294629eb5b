using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>Children of one tunnel for each worker (RFC 9611), beside the first, which is for all.</summary>
internal static class ResourceChildren
{
    /// <summary>The worker that the next child is for: null for the first one. False: every worker has one (TS_MAX_QUEUE).</summary>
    public static bool TryTakeWorker(IkeSa sa, ChildTemplate template, out int? worker)
    {
        worker = null;
        var present = sa.Children.Where(c => c.Sa.Tunnel == template.Name && c.IsCurrent).Select(c => c.Sa.Worker).ToHashSet();
        if (!present.Contains(null)) return true;
        worker = Enumerable.Range(0, template.Resources).Cast<int?>().FirstOrDefault(n => !present.Contains(n));
        return worker is not null;
    }

    /// <summary>The peer agreed to more: one for each worker.</summary>
    public static void Start(Step step, IkeSa sa, ChildWish wish)
    {
        var present = sa.Children.Where(c => c.Sa.Tunnel == wish.Template.Name && c.IsCurrent).Select(c => c.Sa.Worker).ToHashSet();
        for (var worker = 0; worker < wish.Template.Resources; worker++)
            if (!present.Contains(worker)) sa.Start(step, new CreateChildSaInitiator(sa, wish with { Source = null, Destination = null, Worker = worker }));
    }
}
