/*
 * event_kind.c
 *		Names of shopping events, in the vocabularies of Segment, RudderStack,
 *		Google Analytics 4, Snowplow, Shopify and Meta.
 *
 * Names are compared by their ASCII letters and digits without case, so that
 * "Product Added", "product_added" and "productAdded" are one.
 */
#include "core/event_kind.h"

#include <string.h>

#define LONGEST_NAME 64

typedef struct EventName
{
	const char *name;
	EventKind	kind;
} EventName;

/* sorted by name */
static const EventName event_names[] = {
	{"addedtocart", EVENT_ADD_TO_CART},
	{"addedtowishlist", EVENT_WISHLIST_ADD},
	{"addpaymentinfo", EVENT_CHECKOUT},
	{"addshippinginfo", EVENT_CHECKOUT},
	{"addtobag", EVENT_ADD_TO_CART},
	{"addtobasket", EVENT_ADD_TO_CART},
	{"addtocart", EVENT_ADD_TO_CART},
	{"addtowishlist", EVENT_WISHLIST_ADD},
	{"begincheckout", EVENT_CHECKOUT},
	{"booking", EVENT_PURCHASE},
	{"bookingcompleted", EVENT_PURCHASE},
	{"bookingconfirmed", EVENT_PURCHASE},
	{"browse", EVENT_CATEGORY_VIEW},
	{"cartadd", EVENT_ADD_TO_CART},
	{"cartremove", EVENT_REMOVE_FROM_CART},
	{"cartview", EVENT_CART_VIEW},
	{"cartviewed", EVENT_CART_VIEW},
	{"categorybrowse", EVENT_CATEGORY_VIEW},
	{"categoryview", EVENT_CATEGORY_VIEW},
	{"categoryviewed", EVENT_CATEGORY_VIEW},
	{"checkout", EVENT_CHECKOUT},
	{"checkoutcompleted", EVENT_PURCHASE},
	{"checkoutstart", EVENT_CHECKOUT},
	{"checkoutstarted", EVENT_CHECKOUT},
	{"checkoutstep", EVENT_CHECKOUT},
	{"checkoutstepcompleted", EVENT_CHECKOUT},
	{"checkoutstepviewed", EVENT_CHECKOUT},
	{"collectionviewed", EVENT_CATEGORY_VIEW},
	{"completedorder", EVENT_PURCHASE},
	{"ecommercepurchase", EVENT_PURCHASE},
	{"enquiry", EVENT_ENQUIRY},
	{"enquirysubmitted", EVENT_ENQUIRY},
	{"favorite", EVENT_WISHLIST_ADD},
	{"favourite", EVENT_WISHLIST_ADD},
	{"generatelead", EVENT_ENQUIRY},
	{"initiatecheckout", EVENT_CHECKOUT},
	{"inquiry", EVENT_ENQUIRY},
	{"itemview", EVENT_PRODUCT_VIEW},
	{"lead", EVENT_ENQUIRY},
	{"leadgenerated", EVENT_ENQUIRY},
	{"leadsubmitted", EVENT_ENQUIRY},
	{"listview", EVENT_CATEGORY_VIEW},
	{"loadedapage", EVENT_PAGE_VIEW},
	{"order", EVENT_PURCHASE},
	{"ordercancelled", EVENT_REFUND},
	{"ordercompleted", EVENT_PURCHASE},
	{"orderconfirmed", EVENT_PURCHASE},
	{"orderplaced", EVENT_PURCHASE},
	{"orderrefunded", EVENT_REFUND},
	{"page", EVENT_PAGE_VIEW},
	{"pageview", EVENT_PAGE_VIEW},
	{"pageviewed", EVENT_PAGE_VIEW},
	{"paymentinfoentered", EVENT_CHECKOUT},
	{"paymentinfosubmitted", EVENT_CHECKOUT},
	{"proceedtocheckout", EVENT_CHECKOUT},
	{"productadded", EVENT_ADD_TO_CART},
	{"productaddedtobag", EVENT_ADD_TO_CART},
	{"productaddedtocart", EVENT_ADD_TO_CART},
	{"productaddedtowishlist", EVENT_WISHLIST_ADD},
	{"productclicked", EVENT_PRODUCT_VIEW},
	{"productdetail", EVENT_PRODUCT_VIEW},
	{"productdetailview", EVENT_PRODUCT_VIEW},
	{"productenquiry", EVENT_ENQUIRY},
	{"productlistfiltered", EVENT_CATEGORY_VIEW},
	{"productlistviewed", EVENT_CATEGORY_VIEW},
	{"productpage", EVENT_PRODUCT_VIEW},
	{"productremoved", EVENT_REMOVE_FROM_CART},
	{"productremovedfromcart", EVENT_REMOVE_FROM_CART},
	{"productremovedfromwishlist", EVENT_WISHLIST_REMOVE},
	{"productsearch", EVENT_SEARCH},
	{"productsearched", EVENT_SEARCH},
	{"productssearched", EVENT_SEARCH},
	{"productview", EVENT_PRODUCT_VIEW},
	{"productviewed", EVENT_PRODUCT_VIEW},
	{"purchase", EVENT_PURCHASE},
	{"purchased", EVENT_PURCHASE},
	{"purchaseoverall", EVENT_PURCHASE_OVERALL},
	{"refund", EVENT_REFUND},
	{"refunded", EVENT_REFUND},
	{"removedfromcart", EVENT_REMOVE_FROM_CART},
	{"removedfromwishlist", EVENT_WISHLIST_REMOVE},
	{"removefrombag", EVENT_REMOVE_FROM_CART},
	{"removefrombasket", EVENT_REMOVE_FROM_CART},
	{"removefromcart", EVENT_REMOVE_FROM_CART},
	{"removefromwishlist", EVENT_WISHLIST_REMOVE},
	{"screen", EVENT_PAGE_VIEW},
	{"screenview", EVENT_PAGE_VIEW},
	{"screenviewed", EVENT_PAGE_VIEW},
	{"search", EVENT_SEARCH},
	{"searched", EVENT_SEARCH},
	{"searchresults", EVENT_SEARCH},
	{"searchsubmitted", EVENT_SEARCH},
	{"selectitem", EVENT_PRODUCT_VIEW},
	{"sitesearch", EVENT_SEARCH},
	{"startcheckout", EVENT_CHECKOUT},
	{"testdrive", EVENT_ENQUIRY},
	{"testdriverequest", EVENT_ENQUIRY},
	{"transaction", EVENT_PURCHASE},
	{"viewbag", EVENT_CART_VIEW},
	{"viewbasket", EVENT_CART_VIEW},
	{"viewcart", EVENT_CART_VIEW},
	{"viewcategory", EVENT_CATEGORY_VIEW},
	{"viewcontent", EVENT_PRODUCT_VIEW},
	{"viewedpage", EVENT_PAGE_VIEW},
	{"viewitem", EVENT_PRODUCT_VIEW},
	{"viewitemlist", EVENT_CATEGORY_VIEW},
	{"viewproduct", EVENT_PRODUCT_VIEW},
	{"viewsearchresults", EVENT_SEARCH},
	{"wishlist", EVENT_WISHLIST_ADD},
	{"wishlistadd", EVENT_WISHLIST_ADD},
	{"wishlistproductaddedtocart", EVENT_ADD_TO_CART},
	{"wishlistremove", EVENT_WISHLIST_REMOVE},
};

static const char *const kind_names[EVENT_KINDS] = {
	"other", "page_view", "product_view", "category_view", "search",
	"add_to_cart", "remove_from_cart", "cart_view", "wishlist_add",
	"wishlist_remove", "checkout", "purchase", "purchase_overall", "refund", "enquiry"
};

/*
 * The kind behind an event's name; EVENT_OTHER for an unknown name. Any bytes
 * are accepted.
 */
EventKind
event_kind(const char *name, size_t length)
{
	char		key[LONGEST_NAME];
	size_t		used = 0;
	size_t		low = 0;
	size_t		high = sizeof(event_names) / sizeof(event_names[0]);

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) name[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (used == LONGEST_NAME - 1)
			return EVENT_OTHER;
		key[used++] = (char) c;
	}
	key[used] = '\0';
	while (low < high)
	{
		size_t		middle = (low + high) / 2;
		int			order = strcmp(key, event_names[middle].name);

		if (order == 0)
			return event_names[middle].kind;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return EVENT_OTHER;
}

/*
 * The kind's own name.
 */
const char *
event_kind_name(EventKind kind)
{
	return kind_names[kind];
}
